// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// Functions between their callers and callees. In each block 100 % is the function's own total time.
///
///       parse  app  parse.c:12
///       total 69.50% ±1.20, 2.09 s; self 1.20% ±0.31, 36.0 ms
///         share   ±95%    time  callers
///        99.80%  ±0.21  2.08 s  main
///         share   ±95%    time  callees
///        98.27%  ±0.35  2.05 s  tokenize
///         1.73%  ±0.35 36.0 ms  [self]
struct CallsText {
    let report: ProfileReport
    let calls: [CallGraphAnalyzer.Calls]
    /// Functions that matched and are not in `calls`.
    let moreFunctions: Int
    let callers: Bool
    let callees: Bool
    let percentLimit: Double

    func lines() -> [String] {
        var lines = ["  callers and callees: shares are of the function's total time"]
        for calls in calls { lines += [""] + block(calls) }
        guard moreFunctions > 0 else { return lines }
        return lines + ["", "  … \(HeaderText.plural(moreFunctions, "more function")) matched; --limit 0 shows all"]
    }

    private func block(_ calls: CallGraphAnalyzer.Calls) -> [String] {
        let hotspot = calls.hotspot
        let function = report.functions[hotspot.function]
        let place = HotspotText.place(file: function.file, line: hotspot.line, in: report.recording.run)
        let name = [ShortName.of(function.name), function.displayModule, place].filter { !$0.isEmpty }
        var lines = ["  " + PlainText.escaped(name.joined(separator: "  "))]
        lines.append(
            "  total \(share(hotspot.totalNs, report.statistics.totalInterval(of: hotspot))), "
                + "self \(share(hotspot.selfNs, report.statistics.selfInterval(of: hotspot)))")
        if callers { lines += table("callers", calls.callers.map { line($0, of: hotspot) }, of: hotspot) }
        if callees {
            // With what the callees leave of the total.
            let own = Line(
                name: "[self]", ns: hotspot.selfNs, samples: hotspot.selfSamples, variance: hotspot.selfVariance)
            let all = calls.callees.map { line($0, of: hotspot) } + (hotspot.selfNs == 0 ? [] : [own])
            lines += table("callees", all, of: hotspot)
        }
        return lines
    }

    /// `69.50% ±1.20 (2.09 s)`, of all that is reported.
    private func share(_ ns: Int64, _ interval: ShareInterval) -> String {
        let percent = report.percent(ns)
        let margin = ShareText.margin(interval, around: percent)
        return "\(Units.percent(percent))\(margin.isEmpty ? "" : " " + margin) (\(Units.time(ns)))"
    }

    private struct Line {
        var name: String
        var ns: Int64
        var samples: UInt64
        var variance: Double
    }

    private func table(_ title: String, _ lines: [Line], of hotspot: Hotspot) -> [String] {
        let statistics = ShareStatistics(ofTotal: hotspot)
        let sorted = lines.sorted { ($1.ns, $0.name) < ($0.ns, $1.name) }
        let large = sorted.filter { statistics.percent($0.ns) >= percentLimit }
        var columns = TextColumns([
            ("share", .right), (ShareText.heading, .left), ("time", .right), (title, .left),
        ])
        for line in large {
            let percent = statistics.percent(line.ns)
            let interval = statistics.interval(ns: line.ns, samples: line.samples, variance: line.variance)
            columns.add([
                ShareText.percent(percent), ShareText.margin(interval, around: percent), Units.time(line.ns), line.name,
            ])
        }
        let small = sorted.count - large.count
        let more = small > 0 ? ["    … \(HeaderText.plural(small, "more", "more")); --percent-limit 0 shows all"] : []
        return columns.lines().map { "  " + $0 } + more
    }

    private func line(_ edge: CallGraphAnalyzer.Edge, of hotspot: Hotspot) -> Line {
        Line(
            name: name(edge.function, beside: hotspot.function), ns: edge.totalNs, samples: edge.samples,
            variance: edge.variance)
    }

    private func name(_ other: Int, beside function: Int) -> String {
        if other == 0 { return "[outermost]" }
        let name = ShortName.of(report.functions[other].name)
        if other == function { return name + " (recursive)" }
        let module = report.functions[other].displayModule
        return module.isEmpty || module == report.functions[function].displayModule ? name : "\(name)  \(module)"
    }
}
