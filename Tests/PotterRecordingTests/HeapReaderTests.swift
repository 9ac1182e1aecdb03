// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterExport
import Testing

@testable import PotterProfile
@testable import PotterRecording

/// The heap of a recording as rows: what is read from them, and what damaged ones do.
@Suite struct HeapReaderTests {
    let scratch = Scratch()

    private func counts(_ allocations: HeapAmount, frees: HeapAmount = HeapAmount()) -> HeapCounts {
        var counts = HeapCounts()
        counts.allocations = allocations
        counts.frees = frees
        return counts
    }

    /// Two sites and a mapping in one process: 3,000 bytes live at first, then 1,000, then 2,500.
    private func record(mode: String = "exact") throws -> String {
        let writer = try scratch.writer()
        try writer.setQuality(QualityKey.heapMode, mode)
        let first = try writer.addHeapSite(process: 1, stack: 2, kind: .block)
        let second = try writer.addHeapSite(process: 1, stack: 1, kind: .block)
        let mapping = try writer.addHeapSite(process: 1, stack: 1, kind: .privateMapping)
        try writer.addHeapPoint(
            site: first, timeNs: 1_100, counts(HeapAmount(blocks: 30, bytes: 3_000)))
        try writer.addHeapPoint(
            site: mapping, timeNs: 1_100, counts(HeapAmount(blocks: 1, bytes: 8_192)))
        try writer.addHeapPoint(
            site: first, timeNs: 1_200,
            counts(HeapAmount(blocks: 30, bytes: 3_000), frees: HeapAmount(blocks: 20, bytes: 2_000)))
        try writer.addHeapPoint(
            site: second, timeNs: 1_300, counts(HeapAmount(blocks: 5, bytes: 1_500)))
        try writer.finish()
        return scratch["r.potter"]
    }

    @Test func sumsPeakAndTimeline() throws {
        let heap = try #require(try RecordingReader(path: record()).heap())
        #expect(heap.isExact)
        #expect(heap.total(of: .block).live == HeapAmount(blocks: 15, bytes: 2_500))
        #expect(heap.total(of: .block).allocations == HeapAmount(blocks: 35, bytes: 4_500))
        #expect(heap.total(of: .privateMapping).live == HeapAmount(blocks: 1, bytes: 8_192))
        #expect(heap.timeline.map(\.timeNs) == [100, 200, 300])
        #expect(heap.timeline.map(\.live.bytes) == [3_000, 1_000, 2_500])
        #expect(heap.timeline.map(\.allocated.bytes) == [3_000, 3_000, 4_500])
        #expect(heap.peak?.timeNs == 100)
        #expect(heap.sites.map(\.atPeak.bytes) == [3_000, 0, 8_192])
        #expect(heap.incomplete == HeapAmount())
        let rows = HeapFunctions(heap, by: .live).rows
        #expect(rows.reduce(0) { $0 + $1.own.live.bytes } == 2_500)
    }

    /// Whose a block is: not the standard library's, whatever a template's name begins with.
    @Test(arguments: [
        ("fill(std::map<int, Session>&)", true), ("operator new(unsigned long)", false),
        ("std::vector<int, std::allocator<int> >::resize(unsigned long)", false),
        ("void std::sort<int*>(int*, int*)", false), ("std::string join<int>(std::vector<int> const&)", true),
        ("std::_Rb_tree_node<int>* std::_Rb_tree<int>::_M_create_node<int>(int&&)", false),
        ("(anonymous namespace)::Cache::add(std::string)", true), ("Session::operator()(int) const", true),
        ("main::{lambda()#1}::operator()() const", true), ("unsigned long std::hash<int>::of<int>(int)", false),
    ])
    func functionsThatAskForThemselves(name: String, asks: Bool) {
        for language in ["c++", "cpp"] {
            let function = Function(
                name: name, module: "", binary: "/src/server", file: "", line: 0, language: language)
            #expect(HeapFunctions.asksForItself(function) == asks)
        }
    }

    @Test func withoutARecordedHeapThereIsNone() throws {
        try scratch.writer().finish()
        #expect(try RecordingReader(path: scratch["r.potter"]).heap() == nil)
    }

    /// Each change of the rows, by plain SQL: an error of one line, or a document; never a crash.
    @Test(arguments: [
        ("DELETE FROM heap_site WHERE id = 1", true), ("UPDATE heap_site SET id = id + 7", true),
        ("UPDATE heap_site SET stack = 0", true), ("UPDATE heap_site SET stack = 4000000000", true),
        ("UPDATE heap_site SET stack = -9223372036854775808", true), ("UPDATE heap_point SET site = 4", true),
        ("UPDATE heap_point SET site = 0", true), ("UPDATE heap_point SET site = -9223372036854775808", true),
        ("DELETE FROM heap_site", true), ("UPDATE heap_site SET stack = 'text'", true),
        ("UPDATE heap_site SET process = -1, kind = 77", false), ("UPDATE heap_site SET kind = -1", false),
        ("UPDATE heap_point SET bytes = -1, blocks = -1", false), ("UPDATE heap_point SET time_ns = -1", false),
        ("UPDATE heap_point SET time_ns = 0", false),
        ("UPDATE heap_point SET freed_bytes = -1, freed_blocks = 9", false),
        ("UPDATE heap_point SET bytes = 9223372036854775807", false),
        ("UPDATE heap_point SET bytes_variance = 9e999, freed_bytes_variance = -9e999", false),
        ("UPDATE heap_point SET bytes_variance = 1e308, samples = -1", false),
        ("UPDATE heap_point SET temporary_blocks = -1, blocks = 0", false),
        ("UPDATE heap_point SET bytes = x'00', bytes_variance = 'many'", false), ("DELETE FROM heap_point", false),
        ("UPDATE quality SET value = 'both' WHERE key = 'heap.mode'", false),
        ("INSERT OR REPLACE INTO quality VALUES('heap.no_table', -9223372036854775808)", false),
        ("DROP TABLE heap_point", true), ("DROP TABLE heap_site", true),
    ])
    func damagedRows(sql: String, isRefused: Bool) throws {
        for mode in ["exact", "sampled"] {
            let path = try record(mode: mode)
            #expect(
                scratch.run(
                    "/usr/bin/env", "sqlite3", path,
                    "PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1; " + sql) == 0)
            let documents = ["--json=x.json", "--folded=x.folded", "--flamegraph=x.svg"]
            for view in [documents + ["--tree", "--by", "allocated"], ["--by", "peak"]] {
                let result = potter(["heap", "-i", path] + view)
                #expect(result.status == (isRefused ? 1 : 0), "\(sql), \(view): \(result)")
                #expect(!isRefused || result.errors.hasPrefix("potter-prof: "), "\(result.errors)")
                #expect(!isRefused || result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                #expect(!isRefused || result.output.isEmpty)
            }
        }
    }

    @Test(arguments: HeapMetric.allCases) func theDocumentFitsItsSchema(metric: HeapMetric) throws {
        let path = try record()
        let document = scratch["out.json"]
        #expect(potter(["heap", "-i", path, "--by", metric.rawValue, "--json=\(document)"]).status == 0)
        let here = #filePath
        let validator = here.replacing("HeapReaderTests.swift", with: "Scripts/validate_json.py")
        let schema = here.replacing("Tests/PotterRecordingTests/HeapReaderTests.swift", with: "Docs/heap.schema.json")
        #expect(scratch.run("/usr/bin/env", "python3", validator, schema, document) == 0)
    }

    @Test func twoDocumentsOnStandardOutputAreRefused() throws {
        let result = potter(["heap", "-i", try record(), "--json", "--folded"])
        #expect(result.status == 1 && result.output.isEmpty && result.errors.contains("--folded=FILE"), "\(result)")
        for (arguments, words) in [(["--limit", "-1"], "--limit -1"), (["--by", "most"], "'most'")] {
            let odd = potter(["heap", "-i", "x"] + arguments)
            #expect(odd.status == 2 && odd.errors.contains(words), "\(odd)")
        }
    }

    private struct Result {
        var status: Int32
        var output, errors: String
    }

    /// The built potter-prof.
    private func potter(_ arguments: [String]) -> Result {
        let program = #filePath.replacing(
            "Tests/PotterRecordingTests/HeapReaderTests.swift", with: ".build/debug/potter-prof")
        let status = scratch.run(
            ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\" >out 2>err", scratch.directory, program] + arguments)
        return Result(
            status: status, output: String(decoding: scratch.read("out"), as: UTF8.self),
            errors: String(decoding: scratch.read("err"), as: UTF8.self))
    }
}
