// SPDX-License-Identifier: Apache-2.0

/// The heap by function: a block is of the function that asked for it, which is the first one on its stack that is
/// the program's own. `swift_slowAlloc`, `operator new`, `std::vector` and Foundation allocate on somebody's behalf.
public struct HeapFunctions: Sendable {
    public struct Row: Sendable {
        /// Index into the profile's functions.
        public var function: Int
        /// The line that most of the metric's bytes come from; 0 if unknown.
        public var line: UInt32 = 0
        /// Of blocks that the function asked for.
        public var own = HeapCounts()
        public var ownAtPeak = HeapAmount()
        public var ownAtPeakVariance = 0.0
        /// With all that its callees asked for; a recursive function counts once.
        public var total = HeapCounts()
        public var totalAtPeak = HeapAmount()

        public func own(by metric: HeapMetric) -> HeapAmount { Self.amount(metric, own, ownAtPeak) }
        /// Of the estimate of `own(by:)`, bytes²; 0 in exact mode.
        public func ownVariance(by metric: HeapMetric) -> Double {
            switch metric {
            case .live: own.liveBytesVariance
            case .peak: ownAtPeakVariance
            case .allocated: own.bytesVariance
            }
        }
        public func total(by metric: HeapMetric) -> HeapAmount { Self.amount(metric, total, totalAtPeak) }

        private static func amount(_ metric: HeapMetric, _ counts: HeapCounts, _ peak: HeapAmount) -> HeapAmount {
            switch metric {
            case .live: counts.live
            case .peak: peak
            case .allocated: counts.allocations
            }
        }
    }

    /// Most bytes first, by the metric, of what the functions asked for themselves.
    public let rows: [Row]

    /// O(sites x depth).
    public init(_ heap: HeapProfile, by metric: HeapMetric, kind: HeapKind = .block) {
        let profile = heap.profile
        let isOwn = profile.functions.map(Self.asksForItself)
        var rows: [Int: Row] = [:]
        var lines: [Int: [UInt32: UInt64]] = [:]
        for site in heap.sites where site.kind == kind {
            var seen: Set<Int> = []
            let entries = profile.stacks.path(of: site.stack).lazy.flatMap { profile.frames.range(at: $0) }
                .map { profile.frames.entries[$0] }
            let asking = entries.first { isOwn[Int($0.function)] } ?? entries.first
            for entry in entries where seen.insert(Int(entry.function)).inserted {
                rows[Int(entry.function), default: Row(function: Int(entry.function))].total += site.counts
                rows[Int(entry.function)]?.totalAtPeak += site.atPeak
            }
            guard let asking else { continue }
            rows[Int(asking.function)]?.own += site.counts
            rows[Int(asking.function)]?.ownAtPeak += site.atPeak
            rows[Int(asking.function)]?.ownAtPeakVariance += site.atPeakVariance
            lines[Int(asking.function), default: [:]][asking.line, default: 0] &+= metric.amount(of: site).bytes
        }
        for (function, bytes) in lines {
            rows[function]?.line = bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
        }
        self.rows = rows.values.sorted {
            ($1.own(by: metric).bytes, $1.total(by: metric).bytes, $0.function)
                < ($0.own(by: metric).bytes, $0.total(by: metric).bytes, $1.function)
        }
    }

    static func asksForItself(_ function: Function) -> Bool {
        switch FunctionCategory(function) {
        case .system, .swiftRuntime, .swiftLibrary, .pseudo, .kernel: false
        case .cpp: !["std::", "__gnu_cxx::", "operator new"].contains { nameAlone(function.name).hasPrefix($0) }
        case .rust: !["alloc::", "core::", "std::", "hashbrown::"].contains { function.name.hasPrefix($0) }
        case .swift, .c, .unknown: true
        }
    }

    /// A C++ function without the result type that the names of templates begin with:
    /// `void std::sort<int*>(int*, int*)` is `std::sort<int*>(int*, int*)`.
    static func nameAlone(_ name: String) -> Substring {
        guard !name.hasPrefix("operator ") else { return name[...] }
        var depth = 0
        var start = name.startIndex
        for index in name.indices {
            switch name[index] {
            case "(" where depth == 0: return name[start...]
            case "<", "(": depth += 1
            case ">", ")": depth -= 1
            case " " where depth == 0: start = name.index(after: index)
            default: break
            }
        }
        return name[start...]
    }
}
