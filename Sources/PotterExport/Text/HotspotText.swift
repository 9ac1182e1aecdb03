// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The table of hotspots.
struct HotspotText {
    let report: ProfileReport
    let order: HotspotAnalysis.Order
    let limit: Int?
    let percentLimit: Double

    func lines() -> [String] {
        let rows = report.hotspots(by: order, limit: limit, percentLimit: percentLimit)
        var columns = TextColumns([
            ("self", .right), ("time", .right), ("total", .right), ("time", .right), ("module", .left),
            ("function", .left), ("file:line", .left),
        ])
        for row in rows {
            columns.add([
                Units.percent(row.selfPercent), Units.time(row.hotspot.selfNs), Units.percent(row.totalPercent),
                Units.time(row.hotspot.totalNs), row.function.displayModule, row.function.name, place(of: row),
            ])
        }
        return columns.lines() + more(than: rows)
    }

    private func more(than rows: [ProfileReport.Row]) -> [String] {
        let left = report.analysis.hotspots.count - rows.count
        guard left > 0 else { return [] }
        let shown = rows.reduce(0) { $0 &+ $1.hotspot.selfNs }
        let rest = Units.percent(report.percent(report.totalNs &- shown))
        return ["  … \(HeaderText.plural(left, "more function")) with \(rest) of self time; --limit 0 shows all"]
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
