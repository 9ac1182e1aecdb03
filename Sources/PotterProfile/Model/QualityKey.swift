// SPDX-License-Identifier: Apache-2.0

/// Keys of the quality table. A key ending in `/` is followed by what the counter is about, a module's file name for
/// example. Docs/RecordingFormat.md explains each.
public enum QualityKey {
    // Samples that were taken and are not here.
    public static let lostRingFull = "lost.ring_full"
    public static let lostStacksFull = "lost.stacks_full"
    public static let lostNested = "lost.nested"
    public static let lostStale = "lost.stale"
    public static let lostUnknownThread = "lost.unknown_thread"
    public static let lostInvalid = "lost.invalid"
    public static let lost = [
        lostRingFull, lostStacksFull, lostNested, lostStale, lostUnknownThread, lostInvalid,
    ]
    // What ran and was not sampled.
    public static let noThreadSlot = "unrecorded.no_thread_slot"
    public static let noProcessSlot = "unrecorded.no_process_slot"
    public static let noModuleSlot = "unrecorded.no_module_slot"
    public static let timerFailed = "unrecorded.timer_failed"
    public static let signalTaken = "unrecorded.signal_taken"
    public static let foreignImage = "unrecorded.foreign_image"
    // Stacks, in samples. Written by `finish`.
    public static let incomplete = "stacks.incomplete"
    public static let cut = "stacks.cut"
    public static let fallback = "stacks.fallback"
    public static let raced = "stacks.raced"
    // Symbols.
    public static let modulesWithoutSymbols = "symbols.modules_without"
    // Cost.
    public static let ownTargetNs = "own.target_ns"
    public static let ownCollectorNs = "own.collector_ns"
    /// How long recording was suspended (the collector stopped by Ctrl-Z).
    public static let gapNs = "gap.ns"
    /// Sum of what samples explain beyond the clocks, as a positive number. Written by `finish`.
    public static let overAttributedNs = "cpu.over_attributed_ns"
    /// 1: the recorder was killed, the file ends at its last commit. Written by recovery.
    public static let recovered = "recovered"
}
