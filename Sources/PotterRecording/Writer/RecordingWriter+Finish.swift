// SPDX-License-Identifier: Apache-2.0
// The end of a recording: samples become weights of stacks, once, so that reports need not read samples.
import GRDB
import PotterProfile

extension RecordingWriter {
    /// Ends the recording: writes what is pending and what reports read, folds the WAL into the file, so that the file
    /// alone holds everything, and closes it. Names come before: what has none now gets `[module+0xADDRESS]`.
    public func finish() throws {
        nameTheRest()
        try emptyWAL()
        fitNames()
        try commit()
        let end = state.run.endNs ?? lastKnownNs
        updateRun { $0.endNs = end }
        let weights = weights()
        addStackQuality(weights)
        try commit()
        try emptyWAL()
        try checkRoomForEnd()
        let profile = Profile(state, weights: weights)
        let hotspots = HotspotAnalysis(profile).hotspotsWithTies
        try RecordingFile.explain("cannot finish", path) {
            try queue.write { db in
                try writeRun(db, finished: true)
                try write(weights, db)
                try write(hotspots, db)
            }
            try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode=DELETE") }
        }
        try close()
    }

    /// The latest time that anything in the recording has.
    private var lastKnownNs: UInt64 {
        let ends = state.threads.compactMap { $0?.endNs } + state.processes.compactMap { $0?.endNs }
        return ends.reduce(max(lastSampleNs, state.run.startNs), max)
    }

    private func nameTheRest() {
        for (id, module, address) in locationsWithoutNames() {
            let file = Function.fileName(of: state.modules[Int(module)].path)
            let name = file.isEmpty ? "[unknown]" : "[\(file)+0x\(String(address, radix: 16))]"
            state.setFrames([NamedFrame(function: name)], at: UInt32(id))
            progress.namedLocations.append(UInt32(id))
        }
    }

    // MARK: Weights

    private func weights() -> [Weight] {
        let totals = totals.byThread(count: state.threads.count)
        var threadsCpuNs: [Int64: UInt64] = [:]
        var weights: [Weight] = []
        for (id, thread) in state.threads.enumerated() {
            guard let thread else { continue }
            threadsCpuNs[thread.process, default: 0] &+= CPUAccounting.plausible(thread.cpuNs ?? 0)
            let usage = CPUAccounting.ThreadUsage(
                cpuNs: thread.cpuNs, armingNs: thread.armingNs, engine: thread.engine, tickNs: state.run.tickNs,
                userTicks: thread.userTicks, kernelNs: thread.kernelNs)
            let shares = CPUAccounting.shares(of: usage, totals: totals[id])
            weights += shares.map { weight($0, process: thread.process, thread: id) }
        }
        for (id, process) in state.processes.enumerated() {
            guard let process else { continue }
            let shares = CPUAccounting.shares(
                ofProcess: process.cpuNs, startupCpuNs: process.startupCpuNs ?? 0,
                threadsCpuNs: threadsCpuNs[Int64(id)] ?? 0)
            weights += shares.map { weight($0, process: Int64(id), thread: 0) }
        }
        return weights
    }

    private func weight(_ share: CPUAccounting.Share, process: Int64, thread: Int) -> Weight {
        Weight(
            stack: stack(of: share), process: UInt32(process), thread: UInt32(thread), kind: share.kind,
            samples: share.samples, weightNs: share.weightNs)
    }

    /// Kernel time becomes a frame that the leaf called; what has no stack becomes a root of its own.
    private func stack(of share: CPUAccounting.Share) -> UInt32 {
        let pseudo: PseudoFrame
        switch share.kind {
        case .user: return share.stack
        case .kernel: pseudo = .kernel
        case .unattributed: pseudo = .unattributed
        case .startup: pseudo = .startup
        case .arming: pseudo = .arming
        case .exit: pseudo = .exit
        case .fault: pseudo = .pageFault
        case .otherKernel: pseudo = .otherKernel
        }
        return state.trie.node(parent: share.stack, location: state.trie.location(pseudo.location()))
    }

    // MARK: Tables for reports

    private func write(_ weights: [Weight], _ db: Database) throws {
        let insert = try RawStatement(db, "INSERT INTO aggregate VALUES(?,?,?,?,?,?)")
        var sums: [TotalKey: (samples: UInt64, weightNs: Int64)] = [:]
        for weight in weights {
            insert.bind(Int64(weight.process), at: 1)
            insert.bind(weight.thread == 0 ? nil : Int64(weight.thread), at: 2)
            insert.bind(Int64(weight.stack), at: 3)
            insert.bind(Int64(weight.kind.rawValue), at: 4)
            insert.bind(weight.samples, at: 5)
            insert.bind(weight.weightNs, at: 6)
            try insert.run()
            let key = TotalKey(process: weight.process, thread: weight.thread, kind: weight.kind)
            sums[key, default: (0, 0)].samples &+= weight.samples
            sums[key, default: (0, 0)].weightNs &+= weight.weightNs
        }
        for (key, sum) in sums {
            try db.execute(
                sql: "INSERT INTO thread_total VALUES(?,?,?,?,?)",
                arguments: [
                    key.process, key.thread == 0 ? nil : key.thread, key.kind.rawValue, Int64(bitPattern: sum.samples),
                    sum.weightNs,
                ])
        }
    }

    private struct TotalKey: Hashable {
        var process: UInt32
        var thread: UInt32
        var kind: WeightKind
    }

    private func write(_ hotspots: [Hotspot], _ db: Database) throws {
        let insert = try RawStatement(db, "INSERT INTO hotspot VALUES(?,?,?,?,?,?,?,?,?)")
        for hotspot in hotspots {
            insert.bind(Int64(hotspot.function), at: 1)
            insert.bind(hotspot.selfNs, at: 2)
            insert.bind(hotspot.totalNs, at: 3)
            insert.bind(hotspot.selfSamples, at: 4)
            insert.bind(hotspot.totalSamples, at: 5)
            insert.bind(Int64(hotspot.line), at: 6)
            insert.bind(hotspot.selfVariance, at: 7)
            insert.bind(hotspot.totalVariance, at: 8)
            insert.bind(hotspot.isTotalTie ? 1 : Int64(0), at: 9)
            try insert.run()
        }
    }
}
