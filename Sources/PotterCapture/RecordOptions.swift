// SPDX-License-Identifier: Apache-2.0
import PotterRecording

/// How CPU time is sampled. See Docs/Sampling.md.
public enum EngineChoice: String, Sendable, CaseIterable {
    /// `perf` where the kernel allows it, else `timer`.
    case auto
    /// perf software clocks held by the collector: user time by samples, kernel time by the threads' clocks.
    case perf
    /// A CPU timer in each thread: all CPU time, limited by the kernel's tick.
    case timer
    /// As `perf`, by SIGTRAPs that the kernel raises in the thread. For comparison only: it stops gdb, aborts valgrind
    /// and ends cgo Go programs.
    case sigtrap
}

/// Who finds the callers of a sampled function. See Docs/Unwinding.md.
public enum UnwinderChoice: String, Sendable, CaseIterable {
    /// The target looks them up in tables that the collector made; stacks that need a table which is not ready are copied.
    case tables
    /// The target copies every stack, and the collector unwinds it by libunwind.
    case libunwind
}

/// Whether malloc and its family are recorded. See Docs/Heap.md.
public enum HeapChoice: String, Sendable, CaseIterable {
    case off
    /// Each byte that is allocated has the same chance; what is shown is an estimate, with its interval.
    case sampled
    /// Every call.
    case exact
}

/// What `potter-prof record` was asked to do.
public struct RecordOptions: Sendable {
    /// The command and its arguments; never empty.
    public var command: [CommandWord]
    public var output = "potter.potter"
    /// Samples per second of CPU time of each thread, 1 to 10,000.
    public var frequency = 99
    public var engine = EngineChoice.auto
    public var unwinder = UnwinderChoice.tables
    public var heap = HeapChoice.off
    /// Mean distance of heap samples, bytes.
    public var heapInterval: UInt64 = 512 << 10
    /// Follow forked and executed children.
    public var inherit = true
    /// Milliseconds before sampling starts.
    public var delayMs = 0
    /// Seconds after which sampling ends; the command goes on. nil: until the command ends.
    public var duration: Double?
    /// Bytes that the recording never exceeds, with all that lies beside it; it ends there, the command goes on.
    public var maxBytes: UInt64?
    public static let leastMaxBytes = RecordingWriter.leastMaxBytes
    public var quiet = false
    public var verbose = false
    /// Overrides where the preload library is looked for.
    public var preloadLibrary: String?
    /// Limits of the session memory, lowered by tests that fill them.
    public var limits = SessionLimits()

    public init(command: [CommandWord]) {
        self.command = command
    }
}

/// How much of the session memory a target may use. The defaults are the layout's maxima.
public struct SessionLimits: Sendable {
    public var ringRecords: UInt32?
    public var arenaWords: UInt64?
    public var modules: UInt32?
    public var threads: UInt32?
    public var copies: UInt32?

    public init() {}
}
