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
            ("self", .right), (ShareText.heading, .left), ("time", .right), ("total", .right),
            (ShareText.heading, .left), ("time", .right), ("module", .left), ("function", .left), ("file:line", .left),
        ])
        for row in rows {
            columns.add([
                ShareText.percent(row.selfPercent, isTie: row.isTie && order == .selfTime),
                ShareText.margin(row.selfInterval, around: row.selfPercent), Units.time(row.hotspot.selfNs),
                ShareText.percent(row.totalPercent, isTie: row.isTie && order == .totalTime),
                ShareText.margin(row.totalInterval, around: row.totalPercent), Units.time(row.hotspot.totalNs),
                row.function.displayModule, ShortName.of(row.function.name),
                Self.place(file: row.function.file, line: row.hotspot.line, in: report.recording.run),
            ])
        }
        let shownNs = rows.reduce(0) { $0 &+ $1.hotspot.selfNs }
        let more = more(
            restNs: report.totalNs &- shownNs, withoutSelf: all.count - listed.count,
            small: listed.count - large.count, cut: large.count - rows.count)
        return columns.lines() + (rows.contains(where: \.isTie) ? [ShareText.tieNote] : []) + more
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
    static func place(file: String, line: UInt32, in run: RunInfo) -> String {
        guard !file.isEmpty else { return "" }
        let root = run.workingDirectory + "/"
        let name =
            file.hasPrefix(root) && root != "/" ? String(file.dropFirst(root.count)) : Function.fileName(of: file)
        return line > 0 ? "\(name):\(line)" : name
    }
}
