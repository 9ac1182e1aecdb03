// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The table of threads, busiest first. Every thread that ran is there.
struct ThreadText {
    let summary: RunSummary

    func lines() -> [String] {
        let pids = Dictionary(summary.processes.map { ($0.id, $0.pid) }) { first, _ in first }
        var columns = TextColumns([
            ("cpu", .right), ("user", .right), ("kernel", .right), ("other", .right), ("samples", .right),
            ("pid", .right), ("tid", .right), ("thread", .left), ("note", .left),
        ])
        for thread in summary.threads.sorted(by: { ($1.cpu, $0.id) < ($0.cpu, $1.id) }) {
            let totals = thread.totals
            columns.add([
                Units.time(thread.cpu), Units.time(totals[.user]), Units.time(totals[.kernel]),
                Units.time(totals.totalNs &- totals[.user] &- totals[.kernel]), Units.count(totals.samples),
                "\(pids[thread.process] ?? 0)", "\(thread.tid)", thread.name, note(on: thread),
            ])
        }
        return columns.lines()
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
