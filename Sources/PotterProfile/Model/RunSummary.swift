// SPDX-License-Identifier: Apache-2.0

/// A run without its stacks: what the header and the thread table of a report need.
public struct RunSummary: Sendable {
    public struct Process: Sendable {
        public var id: UInt32
        public var parent: UInt32?
        public var pid: Int32
        public var executable: String
        public var command: String
        public var startNs: UInt64
        public var endNs: UInt64?
        public var cpuNs: UInt64?
        public var note: String?
        /// What people call it: the file name of its executable.
        public var name: String { Function.fileName(of: executable) }
        /// What no thread holds.
        public var totals = KindTotals()

        public init(id: UInt32, parent: UInt32?, pid: Int32, executable: String, command: String, startNs: UInt64) {
            self.id = id
            self.parent = parent
            self.pid = pid
            self.executable = executable
            self.command = command
            self.startNs = startNs
        }
    }

    public struct Thread: Sendable {
        public var id: UInt32
        public var process: UInt32
        public var tid: Int32
        public var name: String
        public var startNs: UInt64
        public var endNs: UInt64?
        /// By the thread's own clock; nil if it was never read.
        public var cpuNs: UInt64?
        public var engine: Engine
        public var unsampledReason: String?
        public var totals = KindTotals()

        public init(id: UInt32, process: UInt32, tid: Int32, name: String, startNs: UInt64, engine: Engine) {
            self.id = id
            self.process = process
            self.tid = tid
            self.name = name
            self.startNs = startNs
            self.engine = engine
        }
    }

    public var run: RunInfo
    public var processes: [Process]
    public var threads: [Thread]
    public var quality: Quality

    public init(run: RunInfo, processes: [Process], threads: [Thread], quality: Quality) {
        self.run = run
        self.processes = processes
        self.threads = threads
        self.quality = quality
    }

    /// Processes; `processes` has a row for each program that one of them executed.
    public var processCount: Int { Set(processes.map(\.pid)).count }

    /// All of the run.
    public var totals: KindTotals {
        let all = threads.map(\.totals) + processes.map(\.totals)
        return all.reduce(into: KindTotals()) { $0.add($1) }
    }

    /// Wall time; until the last sample if the end is not known.
    public var durationNs: UInt64 {
        let end = run.endNs ?? run.startNs
        return end > run.startNs ? end - run.startNs : 0
    }
}
