// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// Findings for people, largest first.
///
///     proven  20.22% ±0.92  TextProcessor.removeDuplicateWords(_:)  PotterServer  HotLoop.swift:15  cpu.hotspot 4f…
///       total time 50.69 percent of CPU time; caller …
struct FindingsText {
    let findings: [Finding]
    /// Of what was looked at.
    let summary: RunSummary
    private var run: RunInfo { summary.run }

    /// With less than this share of the CPU time sampled, that nothing was found means nothing.
    private static let leastSampled = 0.5

    func lines() -> [String] {
        guard !findings.isEmpty else {
            let totals = summary.totals
            let unseen = [WeightKind.unattributed, .startup, .arming, .exit].reduce(Int64(0)) { $0 &+ abs(totals[$1]) }
            let share = totals.samples == 0 ? 1 : Double(unseen) / Double(max(totals.totalNs, 1))
            if share > 1 - Self.leastSampled {
                let percent = Units.percent(100 * min(share, 1), places: 1)
                return [
                    "no conclusion: \(percent) of the CPU time (\(Units.time(totals.totalNs))) was not sampled; "
                        + "potter-prof report says why"
                ]
            }
            let least = Units.percent(HotspotFindings.leastPercent, places: 0)
            return ["no findings: no function uses \(least) of the CPU time itself"]
        }
        return findings.flatMap(block).map(PlainText.escaped)
    }

    private func block(_ finding: Finding) -> [String] {
        let magnitude = finding.magnitude
        let interval = ShareInterval(low: magnitude.low, high: magnitude.high)
        let margin = ShareText.margin(interval, around: magnitude.value)
        let place = HotspotText.place(file: finding.site.file, line: finding.site.line, in: run)
        let first = [
            "\(finding.confidence.rawValue):", "\(Units.percent(magnitude.value)) \(margin)",
            ShortName.of(finding.site.function), finding.site.module, place, "(\(finding.kind.rawValue)",
        ]
        let facts = finding.evidence.map(text).joined(separator: "; ")
        let path = finding.site.stack.dropFirst().prefix(4).map(ShortName.of).joined(separator: " < ")
        return [
            first.filter { !$0.isEmpty }.joined(separator: "  ") + " \(finding.fingerprint))", "  \(facts)",
        ] + (path.isEmpty ? [] : ["  called by \(path)" + (finding.site.stack.count > 5 ? " < …" : "")])
    }

    private func text(_ evidence: Finding.Evidence) -> String {
        let value: String
        switch evidence.unit {
        case "nanoseconds": value = Units.time(Int64(evidence.value))
        case "samples": value = Units.count(Int64(evidence.value))
        default: value = Units.percent(evidence.value, places: 1) + evidence.unit.dropFirst("percent".count)
        }
        return [evidence.name, evidence.subject, value].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
