// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import Glibc
import PotterProfile
import PotterRecording

extension RecordRun {
    /// What the report's quality line is made of: nothing that was lost goes unsaid.
    func writeQuality() throws {
        var totals = collector.totals
        if launch.unrecorded != nil {
            totals.counters[Int(PP_COUNT_FOREIGN_IMAGE.rawValue)] += 1
            totals.foreign[launch.path.text, default: 0] += 1
        }
        func count(_ counter: pp_counter) -> Int64 { Int64(clamping: totals.counters[Int(counter.rawValue)]) }
        let numbers: [(String, Int64)] = [
            ("samples", Int64(clamping: totals.samples) - Int64(clamping: writer.samplesWithoutRoom)),
            (QualityKey.recordsWritten, Int64(clamping: totals.written)),
            ("lost.ring_full", count(PP_COUNT_RING_FULL)),
            ("lost.stack_table_full", count(PP_COUNT_STACKS_FULL)),
            (QualityKey.lostCopiesFull, Int64(clamping: totals.copiesDropped)),
            ("lost.nested", count(PP_COUNT_NESTED)),
            ("lost.bad_record", Int64(clamping: totals.badRecords)),
            (QualityKey.lostSizeLimit, Int64(clamping: writer.samplesWithoutRoom)),
            ("threads.no_slot", count(PP_COUNT_NO_THREAD_SLOT)),
            ("threads.timer_failed", count(PP_COUNT_TIMER_FAILED)),
            ("processes.no_slot", count(PP_COUNT_NO_PROCESS_SLOT)),
            ("processes.signal_taken", count(PP_COUNT_SIGNAL_TAKEN)),
            ("processes.seccomp_filter", count(PP_COUNT_SECCOMP_FILTER)),
            ("processes.address_limit", count(PP_COUNT_ADDRESS_LIMIT)),
            ("processes.traced", count(PP_COUNT_TRACED)),
            ("modules.no_slot", count(PP_COUNT_NO_MODULE_SLOT)),
            ("signals.ignored", count(PP_COUNT_STALE)),
            ("signals.unknown_thread", count(PP_COUNT_UNKNOWN_THREAD)),
            ("images.foreign", count(PP_COUNT_FOREIGN_IMAGE)),
            ("images", Int64(totals.images)),
            ("stacks.cut", Int64(clamping: totals.tally.cut)),
            ("stacks.raced", Int64(clamping: totals.tally.raced)),
            (QualityKey.stacksCopied, Int64(clamping: totals.tally.copied)),
            (QualityKey.stacksLonger, Int64(clamping: totals.tally.longer)),
            (QualityKey.stacksNotCopied, Int64(clamping: totals.notCopied)),
            ("cost.target_ns", Int64(clamping: totals.handlerNs)),
            ("cost.collector_ns", Int64(clamping: ProcFiles.processCPU(pid: getpid()) ?? 0)),
        ]
        for (key, value) in numbers { try writer.setQuality(key, value) }
        try writeHeapQuality(totals)
        try writer.setQuality(QualityKey.unwinder, settings.unwinder.rawValue)
        for (path, n) in totals.foreign { try writer.setQuality("images.foreign:\(path)", Int64(clamping: n)) }
        for (module, n) in totals.tally.incomplete {
            try writer.setQuality("unwind.failed:\(module)", Int64(clamping: n))
        }
        for (module, n) in totals.tally.fallback {
            try writer.setQuality("unwind.fallback:\(module)", Int64(clamping: n))
        }
    }

    private func writeHeapQuality(_ totals: CollectorTotals) throws {
        guard options.heap != .off else { return }
        try writer.setQuality(QualityKey.heapMode, options.heap.rawValue)
        try writer.setQuality(QualityKey.heapInterval, options.heap == .sampled ? Int64(options.heapInterval) : 0)
        let keys: [(pp_heap_counter, String)] = [
            (PP_HEAP_COUNT_NO_TABLE, QualityKey.heapNoTable), (PP_HEAP_COUNT_NO_INDEX, QualityKey.heapNoIndex),
            (PP_HEAP_COUNT_UNKNOWN_FREE, QualityKey.heapUnknownFree),
            (PP_HEAP_COUNT_REPLACED, QualityKey.heapReplaced),
            (PP_HEAP_COUNT_NESTED_LOST, QualityKey.heapNestedLost),
            (PP_HEAP_COUNT_STACKS_FULL, QualityKey.heapStacksFull),
            (PP_HEAP_COUNT_NO_MAPPING, QualityKey.heapNoMapping),
        ]
        for (counter, key) in keys {
            try writer.setQuality(key, Int64(clamping: totals.heapCounters[Int(counter.rawValue)]))
        }
        try writer.setQuality(QualityKey.heapPointsNoRoom, Int64(clamping: writer.heapPointsWithoutRoom))
        try writer.setQuality(QualityKey.heapRefusedLimit, Int64(totals.heapRefused[PP_HEAP_REFUSED_LIMIT.value] ?? 0))
        try writer.setQuality(
            QualityKey.heapRefusedBypassed, Int64(totals.heapRefused[PP_HEAP_REFUSED_BYPASSED.value] ?? 0))
    }

    /// What ran beside the recording: the kernel's account of the command and its children against ours.
    func noteUnrecorded(_ command: ChildSupervisor) throws {
        try writer.setQuality(QualityKey.processesLeft, Int64(collector.totals.left))
        guard options.inherit, options.delayMs <= 0 else { return }
        let unrecorded = Int64(clamping: command.cpuNs.minus(collector.totals.cpuNs))
        try writer.setQuality(QualityKey.unrecordedNs, unrecorded)
    }
}
