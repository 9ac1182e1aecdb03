// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterProfile
import PotterRecording

/// The heap: counters by stack, added up over the threads' tables, and written where they have changed.
extension TargetSession {
    /// Points of a recording are a second apart at first, and later a 120th of its length: their number grows slowly.
    private static let pointsPerLength: UInt64 = 120
    private static let leastDistanceNs: UInt64 = 1_000_000_000

    /// Writes a point of each stack's counters if it is time.
    func followHeap(_ now: UInt64) throws {
        guard settings.heap != .off, now >= heap.nextNs else { return }
        heap.nextNs = now + max(Self.leastDistanceNs, now.minus(heapStartNs) / Self.pointsPerLength)
        try writeHeap(of: nil)
    }

    /// Writes what a process counted until now; the tables of one that has ended are for others then.
    func endHeap(of process: TrackedProcess) throws {
        guard settings.heap != .off else { return }
        try writeHeap(of: process.slot)
        guard process.hasEnded, process.slot != 0 else { return }
        for table in heapTables where table.process == process.slot {
            withUnsafePointer(to: table) { pp_heap_clear(memory.header, $0) }
        }
        heap.sites = heap.sites.filter { $0.key.process != process.slot }
    }

    /// The tables in use. Together they claim no more than the area has: a hostile target could claim a place often.
    private var heapTables: [pp_heap_table_view] {
        var room = pp_heap_session_size() - pp_session_size()
        var tables: [pp_heap_table_view] = []
        for index in 0..<pp_heap_table_high(memory.header) {
            var view = pp_heap_table_view()
            guard pp_heap_view(memory.header, index, &view) else { continue }
            let bytes = UInt64(view.capacity) * UInt64(view.site_size)
            guard bytes <= room else { break }
            room -= bytes
            tables.append(view)
        }
        return tables
    }

    private func writeHeap(of slot: UInt32?) throws {
        let now = potter_monotonic_ns()
        for (key, counts) in heapCounts(of: slot) {
            if var site = heap.sites[key] {
                guard !site.written.isSame(as: counts) else { continue }
                site.written = counts
                heap.sites[key] = site
                try writer.addHeapPoint(site: site.row, timeNs: now, HeapCounts(counts, settings.heap))
            } else if let row = try heapSite(key) {
                heap.sites[key] = HeapTally.Site(row: row, written: counts)
                try writer.addHeapPoint(site: row, timeNs: now, HeapCounts(counts, settings.heap))
            }
        }
    }

    private func heapCounts(of slot: UInt32?) -> [HeapTally.Key: pp_heap_counts] {
        var sums: [HeapTally.Key: pp_heap_counts] = [:]
        var counts = pp_heap_counts()
        for table in heapTables where slot == nil || table.process == slot {
            for index in 0..<table.capacity {
                let key = withUnsafePointer(to: table) { pp_heap_read_site(memory.header, $0, index, &counts) }
                guard key != 0 else { continue }
                sums[HeapTally.Key(process: table.process, site: key), default: pp_heap_counts()].add(counts)
            }
        }
        return sums
    }

    /// The row of a site; nil while its process is not known, or where its stack is none.
    private func heapSite(_ key: HeapTally.Key) throws -> Int64? {
        guard let process = processes[key.process] else { return nil }
        let stack = key.site & UInt32(PP_HEAP_STACK_MASK)
        let pseudo: PseudoFrame? =
            switch stack {
            case UInt32(PP_HEAP_STACK_EARLY): .early
            case UInt32(PP_HEAP_STACK_NESTED): .nestedCall
            case UInt32(PP_HEAP_STACK_NO_ROOM): .noRoom
            default: nil
            }
        let row =
            try pseudo.map { try writer.stack(frames: [$0.location()], flags: 0, cut: 0) }
            ?? stackRow(stack, of: process)
        guard let row else {
            badRecords = badRecords.plus(1)
            return nil
        }
        let kind = HeapKind(rawValue: UInt8(truncatingIfNeeded: key.site >> UInt32(PP_HEAP_KIND_SHIFT))) ?? .block
        return try writer.addHeapSite(process: process.recordingID, stack: row, kind: kind)
    }
}

extension HeapCounts {
    init(_ counts: pp_heap_counts, _ choice: HeapChoice) {
        self.init()
        // Sampled: numbers of blocks are in units of 1/1024.
        let units = choice == .sampled ? UInt64(PP_HEAP_UNITS) : 1
        allocations = HeapAmount(blocks: counts.allocations / units, bytes: counts.bytes)
        frees = HeapAmount(blocks: counts.frees / units, bytes: counts.freed_bytes)
        inheritedFrees = HeapAmount(blocks: counts.inherited_frees / units, bytes: counts.inherited_bytes)
        temporaryBlocks = counts.temporary / units
        samples = counts.samples
        freedSamples = counts.freed_samples
        bytesVariance = counts.bytes_variance.isFinite ? max(0, counts.bytes_variance) : 0
        freedBytesVariance = counts.freed_bytes_variance.isFinite ? max(0, counts.freed_bytes_variance) : 0
    }
}
