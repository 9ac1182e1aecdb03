// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// CPU time by any keys: of whom (`comm`, `pid`, `tid`) and where (`dso`, `symbol`, `srcline`).
///
///     for row in SortedRows(profile, by: [.comm, .symbol]).rows(order: .selfTime) { print(row.values, row.selfNs) }
///
/// A row's self time is that of the samples whose leaf it is; its total time that of all samples with such a frame
/// anywhere, each once, however often it recurs.
public struct SortedRows: Sendable {
    public struct Row: Sendable, Equatable {
        /// In the order of the keys; empty where unknown.
        public var values: [String]
        public var selfNs: Int64 = 0
        public var totalNs: Int64 = 0
        public var selfSamples: UInt64 = 0
        public var totalSamples: UInt64 = 0
        /// ns²: see `Weight.variance`.
        public var selfVariance = 0.0
        public var totalVariance = 0.0
        /// Whether samples cannot tell it from the row before, in the time it is ordered by (95 %).
        public var isTie = false
    }

    public let keys: [SortKey]
    private let profile: Profile
    private let index: RowIndex
    private let sums: [Row]

    /// `withTotals` false: total times are not needed, and are those of the leaves.
    public init(_ profile: Profile, by keys: [SortKey], withTotals: Bool = true) {
        self.keys = keys
        self.profile = profile
        index = RowIndex(profile, keys)
        var sums: [Row] = []
        let rows = index.visit(profile, callers: withTotals) { weight, path in
            // Rows are numbered as they come.
            for row in path where row == sums.count { sums.append(Row(values: [])) }
            sums[path[0]].selfNs &+= weight.weightNs
            sums[path[0]].selfSamples &+= weight.samples
            sums[path[0]].selfVariance += weight.variance
            for row in path {
                sums[row].totalNs &+= weight.weightNs
                sums[row].totalSamples &+= weight.samples
                sums[row].totalVariance += weight.variance
            }
        }
        for (number, row) in rows.enumerated() { sums[number].values = index.values(of: row) }
        self.sums = sums
    }

    /// Sorted, largest first; equal ones by their values.
    public func rows(order: HotspotAnalysis.Order) -> [Row] {
        func time(_ row: Row) -> Int64 { order == .selfTime ? row.selfNs : row.totalNs }
        let sorted = sums.indices.sorted { one, other in
            let (one, other) = (sums[one], sums[other])
            return time(one) == time(other)
                ? one.values.lexicographicallyPrecedes(other.values) : time(one) > time(other)
        }
        let variances = variances(sorted, order)
        var result = sorted.map { sums[$0] }
        for place in result.indices.dropFirst() {
            result[place].isTie = ShareStatistics.isTie(
                time(result[place - 1]), time(result[place]), variance: variances[place])
        }
        return result
    }

    /// Of what is in only one of a row and the one before it.
    private func variances(_ sorted: [Int], _ order: HotspotAnalysis.Order) -> [Double] {
        guard order == .totalTime else {
            return sorted.indices.map {
                $0 == 0 ? 0 : sums[sorted[$0 - 1]].selfVariance + sums[sorted[$0]].selfVariance
            }
        }
        var ties = Ties(listed: sorted, of: sums.count)
        var lastWeight = Array(repeating: -1, count: sums.count)
        var weights = 0
        index.visit(profile, callers: true) { weight, path in
            for row in path { lastWeight[row] = weights }
            ties.add(variance: weight.variance, rows: path, listed: sorted) { lastWeight[$0] == weights }
            weights += 1
        }
        return ties.variances
    }
}
