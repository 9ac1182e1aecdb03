// SPDX-License-Identifier: Apache-2.0
import CPotterWire

/// Sums over sessions: what the quality line is made of.
struct CollectorTotals {
    var samples: UInt64 = 0
    /// Records that the rings say were written: what is in the recording, and `badRecords`.
    var written: UInt64 = 0
    var badRecords: UInt64 = 0
    var counters = [UInt64](repeating: 0, count: 16)
    var tally = UnwindTally()
    /// Stacks to be copied that found no slot, of sessions that copy all: their samples were dropped.
    var copiesDropped: UInt64 = 0
    /// ... of the others: they were unwound as well as it goes without a table.
    var notCopied: UInt64 = 0
    var handlerNs: UInt64 = 0
    var cpuNs: UInt64 = 0
    var images = 0
    var processes = 0
    /// Processes that still ran when recording ended.
    var left = 0
    var modules = 0
    /// Programs that were executed and could not be recorded, with how often.
    var foreign: [String: UInt64] = [:]
    var heapCounters = [UInt64](repeating: 0, count: Int(PP_HEAP_COUNT_COUNTERS.rawValue))
    /// Images in which the malloc hooks do nothing, by the reason (PP_HEAP_REFUSED_*).
    var heapRefused: [UInt32: Int] = [:]

    mutating func add(_ session: TargetSession) {
        addHeap(session)
        images += 1
        processes += session.processCount
        modules += session.moduleRows.count
        samples += session.records
        written = written.plus(session.written)
        badRecords = badRecords.plus(session.badRecords)
        for i in 0..<16 { counters[i] = counters[i].plus(pp_session_counter(session.memory.header, UInt32(i))) }
        tally.incomplete.merge(session.tally.incomplete, uniquingKeysWith: +)
        tally.fallback.merge(session.tally.fallback, uniquingKeysWith: +)
        tally.cut += session.tally.cut
        tally.raced += session.tally.raced
        tally.copied += session.tally.copied
        tally.longer += session.tally.longer
        let full = pp_session_counter(session.memory.header, PP_COUNT_COPIES_FULL.rawValue)
        if session.settings.unwinder == .libunwind {
            copiesDropped = copiesDropped.plus(full)
        } else {
            notCopied = notCopied.plus(full)
        }
        foreign.merge(session.memory.foreignPrograms(), uniquingKeysWith: { $0.plus($1) })
        handlerNs = handlerNs.plus(session.handlerNs)
        cpuNs = cpuNs.plus(session.endedCPU)
    }

    private mutating func addHeap(_ session: TargetSession) {
        guard session.settings.heap != .off else { return }
        for i in heapCounters.indices {
            heapCounters[i] = heapCounters[i].plus(pp_heap_counter(session.memory.header, UInt32(i)))
        }
        let refused = pp_heap_refused(session.memory.header)
        if refused != 0 { heapRefused[refused, default: 0] += 1 }
    }

    /// Samples that were taken and could not be kept.
    var lost: UInt64 {
        let counted = [PP_COUNT_RING_FULL, PP_COUNT_STACKS_FULL, PP_COUNT_NESTED].map { counters[Int($0.rawValue)] }
        return UInt64.sum(counted).plus(badRecords).plus(copiesDropped)
    }
}
