// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// Rows by `--sort` keys. Times with callees stand first if they were asked for, as in perf.
struct SortedText {
    let sorted: SortedRows
    let statistics: ShareStatistics
    let order: HotspotAnalysis.Order
    let limit: Int?
    let percentLimit: Double

    func lines() -> [String] {
        let all = sorted.rows(order: order).filter { order == .totalTime || $0.selfNs != 0 }
        let large = all.filter { percentLimit <= 0 || statistics.percent(time($0)) >= percentLimit }
        let rows = large.prefix(limit ?? .max)
        var columns = TextColumns(headings)
        for row in rows {
            let ofTotal = statistics.interval(
                ns: row.totalNs, samples: row.totalSamples, variance: row.totalVariance)
            let ofSelf = statistics.interval(ns: row.selfNs, samples: row.selfSamples, variance: row.selfVariance)
            let total = order == .totalTime ? cells(row.totalNs, ofTotal, isTie: row.isTie) : []
            let own = cells(row.selfNs, ofSelf, isTie: row.isTie && order == .selfTime)
            columns.add(total + own + zip(sorted.keys, row.values).map { $0 == .symbol ? ShortName.of($1) : $1 })
        }
        var lines = columns.lines()
        if rows.contains(where: \.isTie) { lines.append(ShareText.tieNote) }
        let options =
            (large.count > rows.count ? ["--limit 0"] : []) + (all.count > large.count ? ["--percent-limit 0"] : [])
        guard !options.isEmpty else { return lines }
        let more = HeaderText.plural(all.count - rows.count, "more row")
        return lines + ["  … \(more); \(options.joined(separator: " ")) shows all"]
    }

    private var headings: [(String, TextColumns.Alignment)] {
        func time(_ title: String) -> [(String, TextColumns.Alignment)] {
            [(title, .right), (ShareText.heading, .left), ("time", .right)]
        }
        let keys = sorted.keys.map { key -> (String, TextColumns.Alignment) in
            (key.rawValue, key == .pid || key == .tid ? .right : .left)
        }
        return (order == .totalTime ? time("total") : []) + time("self") + keys
    }

    private func time(_ row: SortedRows.Row) -> Int64 { order == .totalTime ? row.totalNs : row.selfNs }

    private func cells(_ ns: Int64, _ interval: ShareInterval, isTie: Bool) -> [String] {
        let percent = statistics.percent(ns)
        return [
            ShareText.percent(percent, isTie: isTie), ShareText.margin(interval, around: percent), Units.time(ns),
        ]
    }
}
