// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import PotterRecording

/// What a report is made of: the report proper, and what views of stacks need, if there are any. All of it is of the
/// selected part of the recording.
struct ReportViews {
    let report: ProfileReport
    /// Read only if something needs it: the table of functions is ready in the recording.
    let stacks: Stacks?
    let calls: [Calls]
    let sorted: SortedRows?

    struct Stacks {
        let profile: Profile
        let tree: CallTree
    }

    /// The functions that a pattern meant.
    struct Calls {
        let query: ReportOptions.Calls
        let functions: [CallGraphAnalyzer.Calls]
        let moreFunctions: Int
    }

}

extension ReportViews {
    /// `callsLimit`: functions for each pattern; nil: all.
    init(_ reader: RecordingReader, _ options: ReportOptions, callsLimit: Int?) throws {
        guard options.needsStacks else {
            report = try reader.report()
            stacks = nil
            calls = []
            sorted = nil
            return
        }
        let profile = try reader.profile(of: options.selection)
        let stacks = Stacks(profile: profile, tree: CallTree(profile))
        let report = ProfileReport(profile, tree: stacks.tree)
        calls = try options.calls.map { try Self.calls($0, stacks, report, limit: callsLimit) }
        sorted =
            options.sort.isEmpty
            ? nil
            : SortedRows(
                profile, by: options.sort, withTotals: options.order == .totalTime || options.json != nil)
        self.report = report
        self.stacks = stacks
    }

    private static func calls(
        _ query: ReportOptions.Calls, _ stacks: Stacks, _ report: ProfileReport, limit: Int?
    ) throws -> Calls {
        let matching = report.analysis.hotspots(by: .totalTime).filter {
            query.pattern.matches(report.functions[$0.function].name)
        }
        guard !matching.isEmpty else {
            throw SelectionError(
                "no function with CPU time matches '\(query.pattern)'; report --order total --limit 0 lists them")
        }
        let shown = Array(matching.prefix(limit ?? .max))
        return Calls(
            query: query, functions: CallGraphAnalyzer(stacks.profile, tree: stacks.tree).calls(of: shown),
            moreFunctions: matching.count - shown.count)
    }
}

extension ReportOptions {
    /// Whether anything is asked for that the ready tables of a recording do not have.
    var needsStacks: Bool {
        !selection.isEmpty || tree || !calls.isEmpty || !sort.isEmpty || folded != nil || flameGraph != nil
    }
}
