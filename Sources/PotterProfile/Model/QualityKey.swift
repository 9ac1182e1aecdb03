// SPDX-License-Identifier: Apache-2.0

/// Keys of the quality table; Docs/RecordingFormat.md explains each. A key followed by `:` and a name is the part of a
/// counter that is about that module.
public enum QualityKey {
    // Samples that were taken and are not here.
    public static let lostRingFull = "lost.ring_full"
    public static let lostStackTableFull = "lost.stack_table_full"
    public static let lostCopiesFull = "lost.copies_full"
    public static let lostNested = "lost.nested"
    public static let lostBadRecord = "lost.bad_record"
    public static let lostSizeLimit = "lost.size_limit"
    // What ran and was not sampled.
    public static let threadsNoSlot = "threads.no_slot"
    public static let threadsTimerFailed = "threads.timer_failed"
    public static let processesNoSlot = "processes.no_slot"
    public static let processesSignalTaken = "processes.signal_taken"
    public static let processesSeccompFilter = "processes.seccomp_filter"
    public static let processesAddressLimit = "processes.address_limit"
    public static let processesTraced = "processes.traced"
    public static let modulesNoSlot = "modules.no_slot"
    public static let imagesForeign = "images.foreign"
    public static let signalsIgnored = "signals.ignored"
    public static let signalsUnknownThread = "signals.unknown_thread"
    /// Processes that were still running when the command, and with it the recording, ended.
    public static let processesLeft = "processes.left"
    /// CPU time of the command and its children that no process of the recording used, ns.
    public static let unrecordedNs = "cpu.unrecorded_ns"
    // Unwinds, in samples; with the module where it happened.
    public static let unwindFailed = "unwind.failed"
    public static let unwindFallback = "unwind.fallback"
    /// Text: `tables` or `libunwind`.
    public static let unwinder = "unwinder"
    // Stacks, in samples.
    public static let stacksCut = "stacks.cut"
    public static let stacksRaced = "stacks.raced"
    /// Copied by the target and unwound by libunwind.
    public static let stacksCopied = "stacks.copied"
    /// Of these, longer than what was copied.
    public static let stacksLonger = "stacks.longer_than_copy"
    /// To be copied, for lack of a table, and found no slot: unwound by frame pointers where these fit.
    public static let stacksNotCopied = "stacks.not_copied"
    // Cost.
    public static let costTargetNs = "cost.target_ns"
    public static let costCollectorNs = "cost.collector_ns"
    /// Records that the rings say were written: those in the recording and `lost.bad_record`.
    public static let recordsWritten = "records.written"
    /// Samples written, and images (from exec to exec) recorded.
    public static let samples = "samples"
    public static let images = "images"
    /// The recording ended because it had reached this size, bytes.
    public static let endedMaxSize = "ended.max_size"
    /// Locations that bear the name of their module alone, since the size had no room for more.
    public static let namesNoRoom = "names.no_room"
    /// How long recording was suspended (the collector stopped by Ctrl-Z).
    public static let gapNs = "gap_ns"

    // The heap (`record --heap`): what could not be recorded.
    /// Text: `sampled` or `exact`; there is none without `--heap`.
    public static let heapMode = "heap.mode"
    /// Mean distance of samples, bytes.
    public static let heapInterval = "heap.interval"
    public static let heapNoTable = "heap.no_table"
    public static let heapNoIndex = "heap.no_index"
    public static let heapUnknownFree = "heap.unknown_free"
    public static let heapReplaced = "heap.replaced"
    public static let heapNestedLost = "heap.nested_lost"
    public static let heapStacksFull = "heap.stacks_full"
    public static let heapNoMapping = "heap.no_mapping"
    public static let heapPointsNoRoom = "heap.points_no_room"
    public static let heapRefusedLimit = "heap.refused_limit"
    public static let heapRefusedBypassed = "heap.refused_bypassed"

    // Written by `finish`, from the stacks and clocks themselves.
    /// Samples of the run's engine: those that `rateHz` asked for.
    public static let engineSamples = "samples.engine"
    /// Sum of what samples explain beyond the clocks, as a positive number.
    public static let overAttributedNs = "cpu.over_attributed_ns"
    /// 1: the recorder was killed, or still runs; the file ends at its last commit.
    public static let recovered = "recovered"
}
