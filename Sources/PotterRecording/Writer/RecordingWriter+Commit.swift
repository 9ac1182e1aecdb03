// SPDX-License-Identifier: Apache-2.0
import GRDB
import PotterCore
import PotterProfile

extension RecordingWriter {
    /// Writes all that is new since the last commit, in one transaction.
    public func commit() throws {
        nameNewPseudoFrames()
        try RecordingFile.explain("cannot write", path) {
            try queue.write { db in try writePending(db) }
        }
        for sample in samples {
            let total = SampleTotal(
                stack: sample.stack, kind: sample.kind, samples: 1, ticks: UInt64(sample.count),
                weightNs: sample.weightNs)
            totals.add(thread: sample.thread, total)
        }
        samples.removeAll(keepingCapacity: true)
        pendingHeapSites.removeAll(keepingCapacity: true)
        pendingHeapPoints.removeAll(keepingCapacity: true)
        progress = RecordingProgress(after: state)
        state.completedFunctions = []
        try RecordingFile.explain("cannot write", path) { try measure() }
    }

    /// All that `progress` says is not in the file. Parents come before those who refer to them.
    func writePending(_ db: Database) throws {
        lastSampleNs = samples.reduce(lastSampleNs) { max($0, $1.timeNs) }
        try writeRun(db, finished: false)
        try writeProcesses(db)
        try writeThreads(db)
        try writeModules(db)
        try writeStacks(db)
        try writeNames(db)
        try writeSamples(db)
        try writeHeap(db)
        try writeQuality(db)
    }

    /// Pseudo frames name themselves, so that plain SQL sees their names in every recording.
    private func nameNewPseudoFrames() {
        for location in progress.locations..<state.trie.locations.count {
            guard let pseudo = PseudoFrame(state.trie.locations[location]) else { continue }
            state.setFrames([NamedFrame(function: pseudo.name)], at: UInt32(location))
            progress.namedLocations.append(UInt32(location))
        }
    }

    func writeRun(_ db: Database, finished: Bool) throws {
        guard progress.runChanged || finished || !samples.isEmpty else { return }
        let run = state.run
        try db.execute(
            sql: "INSERT OR REPLACE INTO run VALUES(1,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            arguments: [
                JSONText.array(run.command), run.workingDirectory, run.host, run.kernel, run.architecture,
                run.potterVersion, run.cause, Int64(bitPattern: run.startNs), Int64(bitPattern: run.startWallNs),
                run.endNs.map { Int64(bitPattern: $0) },
                run.exitStatus, run.engine.rawValue, run.engineReason, run.rateHz, Int64(bitPattern: run.periodNs),
                Int64(bitPattern: run.tickNs), Int64(bitPattern: lastSampleNs), finished,
            ])
    }

    private func writeProcesses(_ db: Database) throws {
        let insert = try RawStatement(db, "INSERT OR REPLACE INTO process VALUES(?,?,?,?,?,?,?,?,?,?)")
        for id in progress.changedProcesses.sorted() {
            guard let row = state.processes[Int(id)] else { continue }
            insert.bind(id, at: 1)
            insert.bind(row.parent, at: 2)
            insert.bind(Int64(row.pid), at: 3)
            insert.bind(row.executable, at: 4)
            insert.bind(row.command, at: 5)
            insert.bind(row.startNs, at: 6)
            insert.bind(row.endNs, at: 7)
            insert.bind(row.cpuNs, at: 8)
            insert.bind(row.startupCpuNs, at: 9)
            insert.bind(row.note, at: 10)
            try insert.run()
        }
    }

    private func writeThreads(_ db: Database) throws {
        let insert = try RawStatement(db, "INSERT OR REPLACE INTO thread VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")
        for id in progress.changedThreads.sorted() {
            guard let row = state.threads[Int(id)] else { continue }
            insert.bind(id, at: 1)
            insert.bind(row.process, at: 2)
            insert.bind(Int64(row.tid), at: 3)
            insert.bind(row.name, at: 4)
            insert.bind(row.startNs, at: 5)
            insert.bind(row.endNs, at: 6)
            insert.bind(row.cpuNs, at: 7)
            insert.bind(row.armingNs, at: 8)
            insert.bind(row.userTicks, at: 9)
            insert.bind(row.kernelNs, at: 10)
            insert.bind(row.engine.rawValue, at: 11)
            insert.bind(row.unsampledReason, at: 12)
            try insert.run()
        }
    }

    private func writeModules(_ db: Database) throws {
        let module = try RawStatement(db, "INSERT INTO module VALUES(?,?,?,?,?)")
        for id in progress.modules..<state.modules.count {
            module.bind(Int64(id), at: 1)
            module.bind(state.modules[id].path, at: 2)
            module.bind(state.modules[id].buildID, at: 3)
            module.bind(state.modules[id].inode, at: 4)
            module.bind(state.modules[id].note, at: 5)
            try module.run()
        }
        let mapping = try RawStatement(db, "INSERT OR REPLACE INTO mapping VALUES(?,?,?,?,?,?,?,?)")
        for id in progress.changedMappings.sorted() {
            guard let row = state.mappings[Int(id)] else { continue }
            mapping.bind(id, at: 1)
            mapping.bind(row.process, at: 2)
            mapping.bind(row.module, at: 3)
            mapping.bind(row.start, at: 4)
            mapping.bind(row.end, at: 5)
            mapping.bind(row.bias, at: 6)
            mapping.bind(row.fromNs, at: 7)
            mapping.bind(row.toNs, at: 8)
            try mapping.run()
        }
    }

    func writeStacks(_ db: Database) throws {
        let location = try RawStatement(db, "INSERT INTO location VALUES(?,?,?)")
        for id in progress.locations..<state.trie.locations.count {
            location.bind(Int64(id), at: 1)
            location.bind(state.trie.locations[id].module, at: 2)
            location.bind(state.trie.locations[id].address, at: 3)
            try location.run()
        }
        let stack = try RawStatement(db, "INSERT INTO stack VALUES(?,?,?,?)")
        for id in progress.stacks..<state.trie.nodes.count {
            let node = state.trie.nodes[id]
            stack.bind(Int64(id), at: 1)
            stack.bind(Int64(node.parent), at: 2)
            stack.bind(Int64(node.location), at: 3)
            stack.bind(Int64(node.flags), at: 4)
            try stack.run()
        }
    }

    private func writeSamples(_ db: Database) throws {
        let insert = try RawStatement(
            db, "INSERT INTO sample(thread,time_ns,stack,kind,count,weight_ns) VALUES(?,?,?,?,?,?)")
        for sample in samples {
            insert.bind(Int64(sample.thread), at: 1)
            insert.bind(sample.timeNs, at: 2)
            insert.bind(Int64(sample.stack), at: 3)
            insert.bind(Int64(sample.kind.rawValue), at: 4)
            insert.bind(Int64(sample.count), at: 5)
            insert.bind(sample.weightNs, at: 6)
            try insert.run()
        }
    }

    func writeQuality(_ db: Database) throws {
        for key in progress.changedQuality {
            let value: DatabaseValue =
                switch state.quality.values[key] {
                case .number(let number): number.databaseValue
                case .text(let text): text.databaseValue
                case nil: .null
                }
            try db.execute(sql: "INSERT OR REPLACE INTO quality VALUES(?,?)", arguments: [key, value])
        }
    }
}

extension RecordingProgress {
    init(after state: RecordingState) {
        modules = state.modules.count
        locations = state.trie.locations.count
        stacks = state.trie.nodes.count
        functions = state.functions.count
        runChanged = false
    }
}
