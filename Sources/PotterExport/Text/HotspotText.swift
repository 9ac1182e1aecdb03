// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The table of hotspots. Ordered by self time it leaves out functions that have none: they only call others.
struct HotspotText {
    let report: ProfileReport
    let order: HotspotAnalysis.Order
    let limit: Int?
    let percentLimit: Double

    func lines() -> [String] {
        let all = report.hotspots(by: order, percentLimit: -.infinity)
        let listed = order == .selfTime ? all.filter { $0.hotspot.selfNs != 0 } : all
        let large = percentLimit > 0 ? listed.filter { percent($0) >= percentLimit } : listed
        let rows = large.prefix(limit ?? .max)
        var columns = TextColumns([
            ("self", .right), ("time", .right), ("total", .right), ("time", .right), ("module", .left),
            ("function", .left), ("file:line", .left),
        ])
        for row in rows {
            columns.add([
                Units.percent(row.selfPercent), Units.time(row.hotspot.selfNs), Units.percent(row.totalPercent),
                Units.time(row.hotspot.totalNs), row.function.displayModule, ShortName.of(row.function.name),
                place(of: row),
            ])
        }
        let shownNs = rows.reduce(0) { $0 &+ $1.hotspot.selfNs }
        let more = more(
            restNs: report.totalNs &- shownNs, withoutSelf: all.count - listed.count,
            small: listed.count - large.count, cut: large.count - rows.count)
        return columns.lines() + more
    }

    private func percent(_ row: ProfileReport.Row) -> Double {
        order == .selfTime ? row.selfPercent : row.totalPercent
    }

    /// How many are not shown, and for each reason the option that shows them.
    private func more(restNs: Int64, withoutSelf: Int, small: Int, cut: Int) -> [String] {
        let left = withoutSelf + small + cut
        guard left > 0 else { return [] }
        let count = HeaderText.plural(left, "more function")
        guard small + cut > 0 else { return ["  … \(count) without self time; --order total shows all"] }
        let options = (cut > 0 ? ["--limit 0"] : []) + (small > 0 ? ["--percent-limit 0"] : [])
        let rest = Units.percent(report.percent(restNs))
        let none = withoutSelf > 0 ? " (\(Units.count(withoutSelf)) without self time: with --order total)" : ""
        return ["  … \(count) with \(rest) of self time; \(options.joined(separator: " ")) shows all\(none)"]
    }

    /// Relative to the directory of the run if it lies there, else the bare file name.
    private func place(of row: ProfileReport.Row) -> String {
        guard !row.function.file.isEmpty else { return "" }
        let root = report.summary.run.workingDirectory + "/"
        let file = row.function.file
        let name =
            file.hasPrefix(root) && root != "/" ? String(file.dropFirst(root.count)) : Function.fileName(of: file)
        return row.hotspot.line > 0 ? "\(name):\(row.hotspot.line)" : name
    }
}
