// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// The text of a report: the header, then the views that were asked for.
struct ReportText {
    private static let defaultRows = 30
    static let defaultFunctionsWithCalls = 10
    private static let defaultTreeLines = 100
    private static let defaultTreePercent = 0.5
    private static let defaultCallsPercent = 0.5

    let views: ReportViews
    let options: ReportOptions

    func lines() -> [String] {
        let report = views.report
        var lines = HeaderText(summary: report.recording).lines()
        if let selection = SelectionText(report.summary, report.part) {
            lines += selection.lines().map { "  " + $0 }
        }
        for section in sections { lines += [""] + section }
        return lines
    }

    private var sections: [[String]] {
        var sections: [[String]] = []
        if options.threads {
            sections.append(ThreadText(summary: views.report.summary, limit: limit(default: Self.defaultRows)).lines())
        }
        let asked = sections.count
        if options.tree, let stacks = views.stacks { sections.append(tree(stacks)) }
        sections += views.calls.map(calls)
        if let sorted = views.sorted { sections.append(rows(sorted)) }
        return sections.count > asked ? sections : sections + [hotspots]
    }

    /// nil means all.
    private func limit(default rows: Int) -> Int? {
        options.limit.map { $0 == 0 ? nil : $0 } ?? rows
    }

    private func tree(_ stacks: ReportViews.Stacks) -> [String] {
        TreeText(
            profile: stacks.profile, tree: stacks.tree, statistics: views.report.statistics,
            percentLimit: options.percentLimit ?? Self.defaultTreePercent,
            limit: limit(default: Self.defaultTreeLines) ?? .max
        ).lines()
    }

    private func calls(_ calls: ReportViews.Calls) -> [String] {
        CallsText(
            report: views.report, calls: calls.functions, moreFunctions: calls.moreFunctions,
            callers: calls.query.callers, callees: calls.query.callees,
            percentLimit: options.percentLimit ?? Self.defaultCallsPercent
        ).lines()
    }

    private func rows(_ sorted: SortedRows) -> [String] {
        SortedText(
            sorted: sorted, statistics: views.report.statistics, order: options.order,
            limit: limit(default: Self.defaultRows), percentLimit: options.percentLimit ?? 0
        ).lines()
    }

    private var hotspots: [String] {
        HotspotText(
            report: views.report, order: options.order, limit: limit(default: Self.defaultRows),
            percentLimit: options.percentLimit ?? 0
        ).lines()
    }
}
