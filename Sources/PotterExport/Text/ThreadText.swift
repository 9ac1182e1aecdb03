// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The table of threads, busiest first.
struct ThreadText {
    let summary: RunSummary
    /// nil: all.
    let limit: Int?

    func lines() -> [String] {
        let pids = Dictionary(summary.processes.map { ($0.id, $0.pid) }) { first, _ in first }
        var columns = TextColumns([
            ("cpu", .right), ("user", .right), ("kernel", .right), ("other", .right), ("samples", .right),
            ("pid", .right), ("tid", .right), ("thread", .left), ("note", .left),
        ])
        let sorted = summary.threads.sorted { ($1.cpu, $0.id) < ($0.cpu, $1.id) }
        let rows = sorted.prefix(limit ?? .max)
        for thread in rows {
            let totals = thread.totals
            let kernel = totals[.kernel] &+ totals[.fault] &+ totals[.otherKernel]
            columns.add([
                Units.time(thread.cpu), Units.time(totals[.user]), Units.time(kernel),
                Units.time(totals.totalNs &- totals[.user] &- kernel), Units.count(totals.samples),
                "\(pids[thread.process] ?? 0)", "\(thread.tid)", thread.name, note(on: thread),
            ])
        }
        return columns.lines() + more(sorted.dropFirst(rows.count))
    }

    private func more(_ threads: ArraySlice<RunSummary.Thread>) -> [String] {
        guard !threads.isEmpty else { return [] }
        let time = Units.time(threads.reduce(0) { $0 &+ $1.cpu })
        return ["  … \(HeaderText.plural(threads.count, "more thread")) with \(time) of CPU time; --limit 0 shows all"]
    }

    private func note(on thread: RunSummary.Thread) -> String {
        if let reason = thread.unsampledReason { return "not sampled: \(reason)" }
        return thread.engine == summary.run.engine ? "" : "engine \(thread.engine.rawValue)"
    }
}

extension RunSummary.Thread {
    /// By its clock; by its samples if that was never read.
    var cpu: Int64 {
        cpuNs.map { Int64(clamping: $0) } ?? totals.totalNs
    }
}
