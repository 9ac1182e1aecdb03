// SPDX-License-Identifier: Apache-2.0

/// What a report says, before it is written as text or JSON: the run, its hotspots, its quality.
///
///     let reader = try RecordingReader(path: "potter.potter")
///     let hottest = try reader.report().hotspots(by: .selfTime, limit: 1).first
///
///     var selection = Selection()
///     selection.threads = [TaskName("worker")]
///     let report = ProfileReport(try reader.profile(of: selection))   // percentages are of the worker's time
public struct ProfileReport: Sendable {
    /// A line of the report.
    public struct Row: Sendable {
        public var hotspot: Hotspot
        public var function: Function
        /// Of the CPU time of the run, or of the selected part of it.
        public var selfPercent: Double
        public var totalPercent: Double
        /// At 95 % confidence.
        public var selfInterval: ShareInterval
        public var totalInterval: ShareInterval
        /// Whether samples cannot tell it from the row before, in the time it is ordered by (95 %).
        public var isTie: Bool
    }

    /// Of the run, or of the selected part of it.
    public let summary: RunSummary
    /// What the report is a part of; nil: it is of the whole run.
    public let part: SelectedPart?
    public let functions: [Function]
    public let analysis: HotspotAnalysis
    /// Shares of the time that is 100 %.
    public let statistics: ShareStatistics

    /// `functions` are those that `analysis` refers to by index.
    public init(
        summary: RunSummary, functions: [Function], analysis: HotspotAnalysis, part: SelectedPart? = nil
    ) {
        self.summary = summary
        self.functions = functions
        self.analysis = analysis
        self.part = part
        statistics = ShareStatistics(
            totalNs: summary.totals.totalNs,
            sampledNs: analysis.hotspots.reduce(0) { $1.selfSamples > 0 ? $0 &+ $1.selfNs : $0 })
    }

    /// Analyses a profile.
    public init(_ profile: Profile) {
        self.init(profile, tree: CallTree(profile))
    }

    /// Analyses a profile whose tree is known already.
    public init(_ profile: Profile, tree: CallTree) {
        self.init(
            summary: profile.summary, functions: profile.functions, analysis: HotspotAnalysis(profile, tree: tree),
            part: profile.part)
    }

    /// CPU time, all kinds: what 100 % is.
    public var totalNs: Int64 { statistics.totalNs }

    /// The run that the report is of, or of a part of.
    public var recording: RunSummary { part?.recording ?? summary }

    public func percent(_ weightNs: Int64) -> Double {
        statistics.percent(weightNs)
    }

    /// The rows to show: at most `limit`, none below `percentLimit` in the time it is ordered by.
    public func hotspots(
        by order: HotspotAnalysis.Order, limit: Int? = nil, percentLimit: Double = 0
    ) -> [Row] {
        let sorted = Array(analysis.hotspots(by: order).prefix(limit ?? .max))
        let ties = analysis.ties(in: sorted, by: order)
        let rows = zip(sorted, ties).map { row($0, isTie: $1) }
        return rows.filter { (order == .selfTime ? $0.selfPercent : $0.totalPercent) >= percentLimit }
    }

    private func row(_ hotspot: Hotspot, isTie: Bool) -> Row {
        let function = functions[hotspot.function]
        return Row(
            hotspot: hotspot, function: function, selfPercent: percent(hotspot.selfNs),
            totalPercent: percent(hotspot.totalNs),
            selfInterval: statistics.selfInterval(of: hotspot), totalInterval: statistics.totalInterval(of: hotspot),
            isTie: isTie)
    }
}
