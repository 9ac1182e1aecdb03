// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// Says what a report is a part of, how much of the whole that is, and what all percentages are of.
struct SelectionText {
    let part: SelectedPart
    /// What was selected.
    let totals: KindTotals

    init?(_ summary: RunSummary, _ part: SelectedPart?) {
        guard let part else { return nil }
        self.part = part
        totals = summary.totals
    }

    func lines() -> [String] {
        ["selected: \(conditions): \(amount)", "percentages are of the selected CPU time" + leftOut].map(
            PlainText.escaped)
    }

    var conditions: String { part.descriptions.joined(separator: "; ") }

    private var amount: String {
        let samples = HeaderText.plural(Int(clamping: totals.samples), "sample")
        return "\(Units.time(totals.totalNs)) CPU, \(Units.percent(percent)) of the recording, \(samples)"
    }

    /// Of the recording's CPU time.
    var percent: Double {
        let wholeNs = part.recording.totals.totalNs
        return wholeNs == 0 ? 0 : 100 * Double(totals.totalNs) / Double(wholeNs)
    }

    private var leftOut: String {
        let kinds = WeightKind.allCases.filter { part.leftOut[$0] != 0 }
        guard !kinds.isEmpty else { return "" }
        let times = kinds.map { "\(HeaderText.title(of: $0)) \(Units.time(part.leftOut[$0]))" }
        return "; not in it, having no stack, thread or time of its own: " + times.joined(separator: ", ")
    }
}
