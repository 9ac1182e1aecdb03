// SPDX-License-Identifier: Apache-2.0
import GRDB
import PotterProfile

/// Loads what a writer knew when its collector was killed: all but the samples, of which only the sums.
struct StateLoader {
    let db: Database
    let path: String

    init(_ db: Database, path: String) {
        self.db = db
        self.path = path
    }

    func load() throws -> (state: RecordingState, totals: SampleTotals, lastSampleNs: UInt64) {
        let summaries = SummaryLoader(db, path: path)
        var state = RecordingState(run: try summaries.run())
        state.quality = try summaries.quality()
        try loadModules(&state)
        try loadProcesses(&state)
        try loadThreads(&state)
        try loadStacks(&state)
        try loadNames(&state)
        let last = try RawStatement.number(db, "SELECT last_commit_ns FROM run") ?? 0
        return (state, try totals(state), UInt64(bitPattern: last))
    }

    private func loadModules(_ state: inout RecordingState) throws {
        let rows = try RawStatement(db, "SELECT id, path, build_id, inode, note FROM module ORDER BY id")
        state.modules = []
        while try rows.step() {
            guard rows.int(0) == state.modules.count else { throw damaged("a module is missing") }
            state.modules.append(
                ModuleRow(
                    path: rows.text(1), buildID: rows.text(2), inode: rows.uint(3),
                    note: rows.isNull(4) ? nil : rows.text(4)))
        }
        guard state.modules.count >= 2 else { throw damaged("a module is missing") }
    }

    private func loadProcesses(_ state: inout RecordingState) throws {
        let rows = try RawStatement(
            db,
            """
            SELECT id, parent, pid, executable, command, start_ns, end_ns, cpu_ns, startup_cpu_ns, note
            FROM process ORDER BY id
            """)
        while try rows.step() {
            guard rows.int(0) == state.processes.count else { throw damaged("a process is missing") }
            state.processes.append(
                ProcessRow(
                    parent: rows.isNull(1) ? nil : rows.int(1), pid: Int32(clamping: rows.int(2)),
                    executable: rows.text(3), command: rows.text(4), startNs: rows.uint(5),
                    endNs: rows.optional(6), cpuNs: rows.optional(7), startupCpuNs: rows.optional(8),
                    note: rows.isNull(9) ? nil : rows.text(9)))
        }
    }

    private func loadThreads(_ state: inout RecordingState) throws {
        let rows = try RawStatement(
            db,
            """
            SELECT id, process, tid, name, start_ns, end_ns, cpu_ns, arming_ns, user_ticks, kernel_ns, engine,
                unsampled_reason
            FROM thread ORDER BY id
            """)
        while try rows.step() {
            guard rows.int(0) == state.threads.count, (1..<Int64(state.processes.count)).contains(rows.int(1)) else {
                throw damaged("a thread or its process is missing")
            }
            state.threads.append(
                ThreadRow(
                    process: rows.int(1), tid: Int32(clamping: rows.int(2)), name: rows.text(3),
                    startNs: rows.uint(4), endNs: rows.optional(5), cpuNs: rows.optional(6), armingNs: rows.uint(7),
                    userTicks: rows.uint(8), kernelNs: rows.uint(9), engine: Engine(rawValue: rows.text(10)) ?? .none,
                    unsampledReason: rows.isNull(11) ? nil : rows.text(11)))
        }
    }

    private func loadStacks(_ state: inout RecordingState) throws {
        let locations = try RawStatement(db, "SELECT id, module, address FROM location ORDER BY id")
        while try locations.step() {
            guard locations.int(0) == state.trie.locations.count,
                state.modules.indices.contains(Int(locations.int(1)))
            else { throw damaged("a location or its module is missing") }
            state.trie.restore(location: Location(module: locations.int(1), address: locations.uint(2)))
        }
        let stacks = try RawStatement(db, "SELECT id, parent, location, flags FROM stack ORDER BY id")
        while try stacks.step() {
            guard stacks.int(0) == state.trie.nodes.count, (0..<stacks.int(0)).contains(stacks.int(1)),
                (1..<Int64(state.trie.locations.count)).contains(stacks.int(2))
            else { throw damaged("a stack refers to nothing") }
            state.trie.restore(
                StackTrie.Node(
                    parent: UInt32(stacks.int(1)), location: UInt32(stacks.int(2)),
                    flags: UInt32(clamping: stacks.int(3))))
        }
    }

    private func loadNames(_ state: inout RecordingState) throws {
        let functions = try RawStatement(
            db, "SELECT id, name, system_name, module, binary, file, line, language FROM function ORDER BY id")
        while try functions.step() {
            guard functions.int(0) == state.functions.count, state.modules.indices.contains(Int(functions.int(4)))
            else { throw damaged("a function or its module is missing") }
            let row = FunctionRow(
                name: functions.text(1), systemName: functions.text(2), module: functions.text(3),
                binary: functions.int(4), file: functions.text(5), line: UInt32(clamping: functions.int(6)),
                language: functions.text(7))
            state.add(row)
        }
        let frames = try RawStatement(
            db, "SELECT location, function, line, inlined FROM location_frame ORDER BY location, depth")
        while try frames.step() {
            guard (1..<Int64(state.trie.locations.count)).contains(frames.int(0)),
                (1..<Int64(state.functions.count)).contains(frames.int(1))
            else { throw damaged("a frame has no function or no location") }
            let entry = FrameTable.Entry(
                function: UInt32(frames.int(1)), line: UInt32(clamping: frames.int(2)), inlined: frames.int(3) != 0)
            state.frames.append(entry, at: UInt32(frames.int(0)))
        }
    }

    private func totals(_ state: RecordingState) throws -> SampleTotals {
        let rows = try RawStatement(
            db,
            """
            SELECT thread, stack, kind, count(*), sum(count), sum(weight_ns) FROM sample
            GROUP BY thread, stack, kind ORDER BY thread, stack, kind
            """)
        var totals = SampleTotals()
        while try rows.step() {
            guard (1..<Int64(state.threads.count)).contains(rows.int(0)),
                (1..<Int64(state.trie.nodes.count)).contains(rows.int(1))
            else { throw damaged("a sample has no thread or no stack") }
            guard let kind = SampleKind(rawValue: UInt8(clamping: rows.int(2))) else { continue }
            let total = SampleTotal(
                stack: UInt32(rows.int(1)), kind: kind, samples: rows.uint(3), ticks: rows.uint(4),
                weightNs: rows.uint(5))
            totals.add(thread: UInt32(rows.int(0)), total)
        }
        return totals
    }

    private func damaged(_ why: String) -> RecordingError {
        RecordingError(damaged: why, path: path)
    }
}
