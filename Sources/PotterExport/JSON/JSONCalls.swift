// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Functions with callers and callees in a JSON report.
struct JSONCalls {
    let report: ProfileReport

    func write(_ queries: [ReportViews.Calls], to json: inout JSONWriter) {
        for query in queries {
            for calls in query.functions { json.object { write(calls, of: query.query, &$0) } }
        }
    }

    private func write(
        _ calls: CallGraphAnalyzer.Calls, of query: ReportOptions.Calls, _ json: inout JSONWriter
    ) {
        let hotspot = calls.hotspot
        json.field("pattern", query.pattern.text)
        json.field("id", hotspot.function)
        json.field("name", report.functions[hotspot.function].name)
        json.field("self_ns", hotspot.selfNs)
        json.field("total_ns", hotspot.totalNs)
        json.field("total_samples", hotspot.totalSamples)
        json.share(
            "total_", report.percent(hotspot.totalNs),
            report.statistics.totalInterval(of: hotspot))
        if query.callers { json.array("callers") { write(calls.callers, of: hotspot, &$0) } }
        if query.callees { json.array("callees") { write(calls.callees, of: hotspot, &$0) } }
    }

    private func write(_ edges: [CallGraphAnalyzer.Edge], of hotspot: Hotspot, _ json: inout JSONWriter) {
        let statistics = ShareStatistics(ofTotal: hotspot)
        for edge in edges {
            json.object { json in
                json.field("id", edge.function)
                json.field("name", edge.function == 0 ? "" : report.functions[edge.function].name)
                json.field("total_ns", edge.totalNs)
                json.field("samples", edge.samples)
                json.share(
                    "", statistics.percent(edge.totalNs),
                    statistics.interval(ns: edge.totalNs, samples: edge.samples, variance: edge.variance))
            }
        }
    }
}

extension JSONWriter {
    /// A share and both ends of its interval: `self_percent`, `self_low_percent`, `self_high_percent`.
    mutating func share(_ prefix: String, _ percent: Double, _ interval: ShareInterval) {
        field(prefix + "percent", percent, places: 4)
        field(prefix + "low_percent", interval.low, places: 4)
        field(prefix + "high_percent", interval.high, places: 4)
    }
}
