// SPDX-License-Identifier: Apache-2.0

/// What a report says, before it is written as text or JSON: the run, its hotspots, its quality.
///
///     let report = try RecordingReader(path: "potter.potter").report()
///     let hottest = report.hotspots(by: .selfTime, limit: 1).first
public struct ProfileReport: Sendable {
    /// A line of the report.
    public struct Row: Sendable {
        public var hotspot: Hotspot
        public var function: Function
        /// Of all CPU time of the run.
        public var selfPercent: Double
        public var totalPercent: Double
    }

    public let summary: RunSummary
    public let functions: [Function]
    public let analysis: HotspotAnalysis

    /// `functions` are those that `analysis` refers to by index.
    public init(summary: RunSummary, functions: [Function], analysis: HotspotAnalysis) {
        self.summary = summary
        self.functions = functions
        self.analysis = analysis
    }

    /// Analyses a profile.
    public init(_ profile: Profile) {
        self.init(summary: profile.summary, functions: profile.functions, analysis: HotspotAnalysis(profile))
    }

    /// CPU time of the run, all kinds: what 100 % is.
    public var totalNs: Int64 { summary.totals.totalNs }

    public func percent(_ weightNs: Int64) -> Double {
        totalNs == 0 ? 0 : 100 * Double(weightNs) / Double(totalNs)
    }

    /// The rows to show: at most `limit`, none below `percentLimit` in the time it is ordered by.
    public func hotspots(
        by order: HotspotAnalysis.Order, limit: Int? = nil, percentLimit: Double = 0
    ) -> [Row] {
        let sorted = analysis.hotspots(by: order).prefix(limit ?? .max)
        let rows = sorted.map { hotspot in
            Row(
                hotspot: hotspot, function: functions[hotspot.function], selfPercent: percent(hotspot.selfNs),
                totalPercent: percent(hotspot.totalNs))
        }
        return rows.filter { (order == .selfTime ? $0.selfPercent : $0.totalPercent) >= percentLimit }
    }
}
