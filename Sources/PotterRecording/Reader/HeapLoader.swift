// SPDX-License-Identifier: Apache-2.0
// The heap of a recording: the last point of each site, the peak, the sums over time. Points are read in the order in
// which they were written, which is that of time.
import GRDB
import PotterProfile

struct HeapLoader {
    let db: Database
    let path: String

    init(_ db: Database, path: String) {
        self.db = db
        self.path = path
    }

    /// nil: the recording has none.
    func heap(of profile: Profile) throws -> HeapProfile? {
        guard let mode = profile.summary.quality.values[QualityKey.heapMode], case .text(let name) = mode else {
            return nil
        }
        var heap = HeapProfile(
            profile: profile, sites: try sites(stacks: profile.stacks.count), timeline: [], isExact: name == "exact")
        try readPoints(into: &heap)
        if let peak = heap.peak { try readPeak(untilNs: peak.timeNs &+ profile.summary.run.startNs, into: &heap) }
        return heap
    }

    private func sites(stacks: Int) throws -> [HeapProfile.Site] {
        let rows = try RawStatement(db, "SELECT id, process, stack, kind FROM heap_site ORDER BY id")
        var sites: [HeapProfile.Site] = []
        while try rows.step() {
            guard rows.int(0) == sites.count + 1, (1..<Int64(stacks)).contains(rows.int(2)) else {
                throw RecordingError(damaged: "a site of the heap has no stack", path: path)
            }
            sites.append(
                HeapProfile.Site(
                    stack: UInt32(rows.int(2)), process: UInt32(clamping: rows.int(1)),
                    kind: HeapKind(rawValue: UInt8(clamping: rows.int(3))) ?? .block))
        }
        return sites
    }

    private func forEachPoint(sites: Int, _ body: (Int, UInt64, HeapCounts) -> Void) throws {
        let rows = try RawStatement(
            db,
            """
            SELECT site, time_ns, blocks, bytes, freed_blocks, freed_bytes, inherited_blocks, inherited_bytes,
            temporary_blocks, samples, freed_samples, bytes_variance, freed_bytes_variance FROM heap_point ORDER BY id
            """)
        while try rows.step() {
            guard (0..<Int64(sites)).contains(rows.int(0) &- 1) else {
                throw RecordingError(damaged: "a point of the heap has no site", path: path)
            }
            var counts = HeapCounts()
            counts.allocations = HeapAmount(blocks: rows.uint(2), bytes: rows.uint(3))
            counts.frees = HeapAmount(blocks: rows.uint(4), bytes: rows.uint(5))
            counts.inheritedFrees = HeapAmount(blocks: rows.uint(6), bytes: rows.uint(7))
            counts.temporaryBlocks = rows.uint(8)
            (counts.samples, counts.freedSamples) = (rows.uint(9), rows.uint(10))
            (counts.bytesVariance, counts.freedBytesVariance) = (finite(rows.double(11)), finite(rows.double(12)))
            body(Int(rows.int(0)) - 1, rows.uint(1), counts)
        }
    }

    /// What a damaged file says must not spread: infinity does.
    private func finite(_ value: Double) -> Double { value > 0 ? min(value, 1e36) : 0 }

    /// The counts of each site at the end, and a point for each moment at which some were written.
    private func readPoints(into heap: inout HeapProfile) throws {
        let ends = ends(in: heap)
        var live: [UInt32: HeapAmount] = [:]
        var allocated = HeapAmount()
        var lastNs: UInt64?
        func close() {
            guard let lastNs else { return }
            let lasting = live.filter { (ends[$0.key] ?? .max) >= lastNs }.values
            let sinceNs = lastNs - min(lastNs, heap.profile.summary.run.startNs)
            heap.timeline.append(
                HeapProfile.Point(
                    timeNs: sinceNs, live: lasting.reduce(into: HeapAmount(), +=), allocated: allocated))
        }
        try forEachPoint(sites: heap.sites.count) { site, timeNs, counts in
            let before = heap.sites[site].counts
            heap.sites[site].counts = counts
            guard heap.sites[site].kind == .block else { return }
            if timeNs != lastNs { close() }
            lastNs = timeNs
            let process = heap.sites[site].process
            var amount = (live[process] ?? HeapAmount()) - before.live
            amount += counts.live
            live[process] = amount
            allocated += counts.allocations - before.allocations
        }
        close()
    }

    private func ends(in heap: HeapProfile) -> [UInt32: UInt64] {
        Dictionary(heap.profile.summary.processes.map { ($0.id, $0.endNs ?? .max) }, uniquingKeysWith: { $1 })
    }

    private func readPeak(untilNs: UInt64, into heap: inout HeapProfile) throws {
        let ends = ends(in: heap)
        try forEachPoint(sites: heap.sites.count) { site, timeNs, counts in
            guard timeNs <= untilNs else { return }
            let lives = (ends[heap.sites[site].process] ?? .max) >= untilNs
            heap.sites[site].atPeak = lives ? counts.live : HeapAmount()
            heap.sites[site].atPeakVariance = lives ? counts.liveBytesVariance : 0
        }
    }
}

extension RecordingReader {
    /// The heap of the run; nil if it was not recorded (`record --heap`).
    public func heap() throws -> HeapProfile? {
        let profile = try profile()
        return try RecordingFile.explain("cannot read", path) {
            try queue.read { db in try HeapLoader(db, path: path).heap(of: profile) }
        }
    }
}
