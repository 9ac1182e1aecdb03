// SPDX-License-Identifier: Apache-2.0
import GRDB
import PotterProfile

/// A row of `heap_site`.
struct HeapSiteRow {
    var process: Int64
    var stack: Int64
    var kind: HeapKind
}

/// A row of `heap_point`.
struct HeapPointRow {
    var site: Int64
    var timeNs: UInt64
    var counts: HeapCounts
}

extension RecordingWriter {
    /// A stack of a process that allocates. The caller keeps the id: a second call makes a second site.
    public func addHeapSite(process: Int64, stack: Int64, kind: HeapKind) throws -> Int64 {
        heapSites += 1
        pendingHeapSites.append(HeapSiteRow(process: process, stack: stack, kind: kind))
        return heapSites
    }

    /// What a site had counted at a time. Left out, and counted, where the limit leaves no room.
    public func addHeapPoint(site: Int64, timeNs: UInt64, _ counts: HeapCounts) throws {
        guard !hasNoRoom() else {
            heapPointsWithoutRoom += 1
            return
        }
        pendingHeapPoints.append(HeapPointRow(site: site, timeNs: timeNs, counts: counts))
    }

    func writeHeap(_ db: Database) throws {
        let site = try RawStatement(db, "INSERT INTO heap_site VALUES(?,?,?,?)")
        for (index, row) in pendingHeapSites.enumerated() {
            site.bind(heapSites - Int64(pendingHeapSites.count - 1 - index), at: 1)
            site.bind(row.process, at: 2)
            site.bind(row.stack, at: 3)
            site.bind(Int64(row.kind.rawValue), at: 4)
            try site.run()
        }
        let point = try RawStatement(db, "INSERT INTO heap_point VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        for row in pendingHeapPoints {
            point.bind(row.site, at: 1)
            point.bind(row.timeNs, at: 2)
            for (index, amount) in [row.counts.allocations, row.counts.frees, row.counts.inheritedFrees].enumerated() {
                point.bind(amount.blocks, at: Int32(3 + 2 * index))
                point.bind(amount.bytes, at: Int32(4 + 2 * index))
            }
            point.bind(row.counts.temporaryBlocks, at: 9)
            point.bind(row.counts.samples, at: 10)
            point.bind(row.counts.freedSamples, at: 11)
            point.bind(row.counts.bytesVariance, at: 12)
            point.bind(row.counts.freedBytesVariance, at: 13)
            try point.run()
        }
    }
}
