// SPDX-License-Identifier: Apache-2.0
import CPotterWire

/// Sums over sessions: what the quality line is made of.
struct CollectorTotals {
    var samples: UInt64 = 0
    var badRecords: UInt64 = 0
    var counters = [UInt64](repeating: 0, count: 16)
    var tally = UnwindTally()
    var handlerNs: UInt64 = 0
    var cpuNs: UInt64 = 0
    var images = 0

    mutating func add(_ session: TargetSession) {
        images += 1
        samples += session.records
        badRecords += session.badRecords
        for i in 0..<16 { counters[i] += pp_session_counter(session.memory.header, UInt32(i)) }
        tally.incomplete.merge(session.tally.incomplete, uniquingKeysWith: +)
        tally.fallback.merge(session.tally.fallback, uniquingKeysWith: +)
        tally.cut += session.tally.cut
        tally.raced += session.tally.raced
        handlerNs += session.handlerNs
        cpuNs += session.endedCPU
    }

    /// Samples that were taken and could not be kept.
    var lost: UInt64 {
        counters[Int(PP_COUNT_RING_FULL.rawValue)] + counters[Int(PP_COUNT_STACKS_FULL.rawValue)]
            + counters[Int(PP_COUNT_NESTED.rawValue)] + badRecords
    }
}
