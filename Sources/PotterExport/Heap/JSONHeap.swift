// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The heap as a JSON document; Docs/Json.md is its contract.
struct JSONHeap {
    static let version = 1

    let heap: HeapProfile
    let metric: HeapMetric
    let limit: Int?

    func write(to output: OutputFile) {
        var json = JSONWriter(output)
        let summary = heap.profile.summary
        json.object { json in
            json.field("version", Self.version)
            json.field("unit", "bytes")
            json.field("mode", heap.isExact ? "exact" : "sampled")
            json.field("command", summary.run.command)
            json.field("duration_ns", summary.durationNs)
            json.field("exit_status", summary.run.exitStatus)
            json.field("metric", metric.rawValue)
            json.object("total") { counts(heap.total(of: .block), &$0) }
            json.object("private_mappings") { counts(heap.total(of: .privateMapping), &$0) }
            json.object("mapped_files") { counts(heap.total(of: .mappedFile), &$0) }
            json.object("quality") { json in
                for key in HeapQuality.keys { json.field(String(key.dropFirst(5)), summary.quality.number(key)) }
                json.field("incomplete_stack_bytes", heap.incomplete.bytes)
                json.field("incomplete_stack_blocks", heap.incomplete.blocks)
            }
            json.array("timeline", timeline)
            json.array("functions", functions)
        }
        json.end()
    }

    private func counts(_ counts: HeapCounts, _ json: inout JSONWriter) {
        json.field("allocated_bytes", counts.allocations.bytes)
        json.field("allocated_blocks", counts.allocations.blocks)
        json.field("freed_bytes", counts.frees.bytes)
        json.field("freed_blocks", counts.frees.blocks)
        json.field("live_bytes", counts.live.bytes)
        json.field("live_blocks", counts.live.blocks)
        json.field("temporary_blocks", counts.temporaryBlocks)
        json.field("allocated_bytes_deviation", counts.bytesVariance.squareRoot(), places: 0)
        json.field("live_bytes_deviation", counts.liveBytesVariance.squareRoot(), places: 0)
        json.field("samples", counts.samples)
    }

    private func timeline(_ json: inout JSONWriter) {
        for point in heap.timeline {
            json.object { json in
                json.field("time_ns", point.timeNs)
                json.field("live_bytes", point.live.bytes)
                json.field("live_blocks", point.live.blocks)
                json.field("allocated_bytes", point.allocated.bytes)
                json.field("allocated_blocks", point.allocated.blocks)
            }
        }
    }

    private func functions(_ json: inout JSONWriter) {
        for row in HeapFunctions(heap, by: metric).rows.prefix(limit ?? .max) {
            let function = heap.profile.functions[row.function]
            json.object { json in
                json.field("function", function.name)
                json.field("module", function.displayModule)
                json.field("file", function.file)
                json.field("line", UInt64(row.line))
                json.object("self") { counts(row.own, &$0) }
                json.object("total") { counts(row.total, &$0) }
                json.field("peak_self_bytes", row.ownAtPeak.bytes)
                json.field("peak_total_bytes", row.totalAtPeak.bytes)
            }
        }
    }
}
