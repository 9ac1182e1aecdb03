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
    private let rows: [Row]

    public init(_ profile: Profile, by keys: [SortKey]) {
        self.keys = keys
        self.profile = profile
        var index = RowIndex(profile, keys)
        var rows: [Row] = []
        for weight in profile.weights {
            let path = index.rows(of: weight, in: profile)
            while rows.count < index.count { rows.append(Row(values: index.values(of: rows.count))) }
            rows[path[0]].selfNs &+= weight.weightNs
            rows[path[0]].selfSamples &+= weight.samples
            rows[path[0]].selfVariance += weight.variance
            for row in path {
                rows[row].totalNs &+= weight.weightNs
                rows[row].totalSamples &+= weight.samples
                rows[row].totalVariance += weight.variance
            }
        }
        self.index = index
        self.rows = rows
    }

    /// Sorted, largest first; equal ones by their values.
    public func rows(order: HotspotAnalysis.Order) -> [Row] {
        let time: (Int) -> Int64 = { order == .selfTime ? rows[$0].selfNs : rows[$0].totalNs }
        let sorted = rows.indices.sorted {
            time($0) == time($1) ? rows[$0].values.lexicographicallyPrecedes(rows[$1].values) : time($0) > time($1)
        }
        let variances = variances(sorted, order)
        return sorted.enumerated().map { place, row in
            var result = rows[row]
            result.isTie =
                place > 0 && ShareStatistics.isTie(time(sorted[place - 1]), time(row), variance: variances[place])
            return result
        }
    }

    /// Of what is in only one of a row and the one before it.
    private func variances(_ sorted: [Int], _ order: HotspotAnalysis.Order) -> [Double] {
        guard order == .totalTime else {
            return sorted.indices.map {
                $0 == 0 ? 0 : rows[sorted[$0 - 1]].selfVariance + rows[sorted[$0]].selfVariance
            }
        }
        var ties = Ties(listed: sorted, of: rows.count)
        var index = index
        for weight in profile.weights {
            let path = index.rows(of: weight, in: profile)
            ties.add(variance: weight.variance, rows: path, listed: sorted) { index.isInLast($0) }
        }
        return ties.variances
    }
}
