// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// A report as a JSON document; Docs/Json.md is its contract.
struct JSONReport {
    static let version = 1

    let views: ReportViews
    let order: HotspotAnalysis.Order
    let limit: Int?
    let percentLimit: Double
    /// With `--tree`: nodes, callers before callees.
    let tree: CallTree?

    private var report: ProfileReport { views.report }

    func write(to output: OutputFile) {
        var json = JSONWriter(output)
        json.object { json in
            json.field("version", Self.version)
            json.field("samples", report.recording.totals.samples)
            json.field("unit", "nanoseconds")
            json.object("header", header)
            json.object("selection", selection)
            json.object("quality", quality)
            json.array("processes", processes)
            json.array("threads", threads)
            json.array("functions", functions)
            if let tree { json.array("tree") { write(tree, &$0) } }
            if !views.calls.isEmpty { json.array("calls") { JSONCalls(report: report).write(views.calls, to: &$0) } }
            if let sorted = views.sorted { json.array("rows") { rows(sorted, &$0) } }
        }
        json.end()
    }

    private func header(_ json: inout JSONWriter) {
        let run = report.recording.run
        json.field("command", run.command)
        json.field("working_directory", run.workingDirectory)
        json.field("host", run.host)
        json.field("kernel", run.kernel)
        json.field("architecture", run.architecture)
        json.field("potter_version", run.potterVersion)
        json.field("cause", run.cause)
        json.field("start_wall_ns", run.startWallNs)
        json.field("duration_ns", report.recording.durationNs)
        json.field("exit_status", run.exitStatus)
        json.field("cpu_ns", report.recording.totals.totalNs)
        write(report.recording.totals, &json)
        json.field("engine", run.engine.rawValue)
        json.field("engine_reason", run.engineReason)
        json.field("rate_hz", run.rateHz, places: 3)
        json.field("period_ns", run.periodNs)
        json.field("tick_ns", run.tickNs)
        json.field("quality_line", QualityText(summary: report.recording).line())
    }

    /// What percentages are of.
    private func selection(_ json: inout JSONWriter) {
        json.field("conditions", report.part?.descriptions ?? [])
        json.field("cpu_ns", report.totalNs)
        json.field("percent", SelectionText(report.summary, report.part)?.percent ?? 100, places: 4)
        json.field("samples", report.summary.totals.samples)
        json.object("left_out") { write(report.part?.leftOut ?? KindTotals(), &$0) }
    }

    private func quality(_ json: inout JSONWriter) {
        let quality = report.recording.quality
        json.field("lost", quality.lost)
        for key in quality.values.keys.sorted() {
            switch quality.values[key] {
            case .number(let number): json.field(key, number)
            case .text(let text): json.field(key, text)
            case nil: break
            }
        }
    }

    private func processes(_ json: inout JSONWriter) {
        for process in report.summary.processes {
            json.object { json in
                json.field("pid", process.pid)
                json.field("executable", process.executable)
                json.field("command", process.command)
                json.field("cpu_ns", process.cpuNs)
                json.field("startup_ns", process.totals[.startup])
                json.field("exit_ns", process.totals[.exit])
                json.field("unattributed_ns", process.totals[.unattributed])
                json.field("note", process.note)
            }
        }
    }

    private func threads(_ json: inout JSONWriter) {
        let pids = Dictionary(report.summary.processes.map { ($0.id, $0.pid) }) { first, _ in first }
        for thread in report.summary.threads {
            json.object { json in
                json.field("tid", thread.tid)
                json.field("name", thread.name)
                json.field("pid", pids[thread.process])
                json.field("cpu_ns", thread.cpu)
                json.field("samples", thread.totals.samples)
                json.field("user_ns", thread.totals[.user])
                json.field("kernel_ns", thread.totals[.kernel])
                json.field("page_fault_ns", thread.totals[.fault])
                json.field("other_kernel_ns", thread.totals[.otherKernel])
                json.field("arming_ns", thread.totals[.arming])
                json.field("unattributed_ns", thread.totals[.unattributed])
                json.field("engine", thread.engine.rawValue)
                json.field("unsampled_reason", thread.unsampledReason)
            }
        }
    }

    /// All kinds, also those that are 0: a reader need not ask whether a key is there.
    private func write(_ totals: KindTotals, _ json: inout JSONWriter) {
        for kind in WeightKind.allCases { json.field("\(kind.name)_ns", totals[kind]) }
    }

    private func functions(_ json: inout JSONWriter) {
        for row in report.hotspots(by: order, limit: limit, percentLimit: percentLimit) {
            json.object { json in
                json.field("id", row.hotspot.function)
                json.field("name", row.function.name)
                json.field("system_name", row.function.systemName)
                json.field("module", row.function.module)
                json.field("binary", row.function.binary)
                json.field("file", row.function.file)
                json.field("line", row.hotspot.line)
                json.field("language", row.function.language)
                json.field("category", FunctionCategory(row.function).rawValue)
                json.field("self_ns", row.hotspot.selfNs)
                json.field("total_ns", row.hotspot.totalNs)
                json.field("self_samples", row.hotspot.selfSamples)
                json.field("total_samples", row.hotspot.totalSamples)
                json.share("self_", row.selfPercent, row.selfInterval)
                json.share("total_", row.totalPercent, row.totalInterval)
                json.field("tie", row.isTie)
            }
        }
    }

    private func rows(_ sorted: SortedRows, _ json: inout JSONWriter) {
        for row in sorted.rows(order: order).prefix(limit ?? .max) {
            let (own, total) = (report.statistics.percent(row.selfNs), report.statistics.percent(row.totalNs))
            guard percentLimit <= 0 || (order == .selfTime ? own : total) >= percentLimit else { continue }
            json.object { json in
                for (key, value) in zip(sorted.keys, row.values) { json.field(key.rawValue, value) }
                json.field("self_ns", row.selfNs)
                json.field("total_ns", row.totalNs)
                json.field("self_samples", row.selfSamples)
                json.field("total_samples", row.totalSamples)
                json.share(
                    "self_", own,
                    report.statistics.interval(
                        ns: row.selfNs, samples: row.selfSamples, variance: row.selfVariance))
                json.share(
                    "total_", total,
                    report.statistics.interval(
                        ns: row.totalNs, samples: row.totalSamples, variance: row.totalVariance))
                json.field("tie", row.isTie)
            }
        }
    }

    private func write(_ tree: CallTree, _ json: inout JSONWriter) {
        for (index, node) in tree.nodes.enumerated() where node.totalNs != 0 {
            json.object { json in
                json.field("id", index)
                json.field("parent", index == 0 ? nil : node.parent)
                json.field("function", report.functions[node.function].name)
                json.field("self_ns", node.selfNs)
                json.field("total_ns", node.totalNs)
            }
        }
    }
}
