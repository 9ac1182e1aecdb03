// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Every view, of a program that was recorded and says itself what is true.
@Suite(.serialized) struct RealReportTests {
    let scratch = Scratch()

    private func record(_ source: String, _ arguments: String...) throws -> RecordedProgram {
        let name = String(source.prefix { $0 != "." })
        let program = try RecordedProgram.compile(source, as: name, in: scratch.directory)
        return try RecordedProgram([program] + arguments, in: scratch.directory)
    }

    /// 70 % of `mix` is called by `hot70`, 30 % by `hot30`.
    @Test func callersAndFocus() throws {
        let run = try record("split.c", "1.5")
        let (truth70, truth30) = (try 100 * run.truth("hot70"), try 100 * run.truth("hot30"))
        let calls = try run.json("report", "--callers", "^mix$").objects("calls")
        let callers = calls[0].objects("callers")
        #expect(calls.count == 1 && callers.map { $0.string("name") } == ["hot70", "hot30"])
        for (caller, truth) in zip(callers, [truth70, truth30]) {
            // Twice the 95 % interval is 4 sigma.
            let margin = caller.number("high_percent") - caller.number("low_percent")
            #expect(abs(caller.number("percent") - truth) <= margin, "\(caller) \(truth)")
            #expect((1...10).contains(margin))
        }
        let text = try run.text("report", "--callees", "^main$")
        #expect(text.contains("callees") && text.contains("  hot70") && text.contains("  hot30"))
        #expect(!text.contains("callers  ") && !text.contains("time  callers"))
        try checkFocus(run)
    }

    /// All that a document can hold, for another parser and by the schemas in Docs.
    @Test func documentsAreOfTheirSchemas() throws {
        let run = try record("split.c", "0.3")
        for (verb, arguments) in [
            (
                "report",
                ["--tree", "--callers", "mix", "--callees", "hot", "--sort", "comm,pid,tid,dso,symbol,srcline"]
            ),
            ("report", ["--focus", "hot70", "--time", "10%-90%", "--children"]), ("findings", []),
            ("findings", ["--thread", "split"]),
        ] {
            let document = scratch["\(verb).json"]
            try RecordedProgram.run(
                [RecordedProgram.potter, verb, "-i", run.recording, "--json=\(document)"] + arguments,
                in: scratch.directory)
            let docs = RecordedProgram.repository + "/Docs/",
                tests = RecordedProgram.repository + "/Tests/PotterRecordingTests/"
            try RecordedProgram.run(
                ["python3", tests + "Scripts/validate_json.py", docs + verb + ".schema.json", document],
                in: scratch.directory)
        }
        let document = try run.json("report", "--callers", "mix", "--sort", "symbol", "--tree")
        for key in ["calls", "rows", "tree", "functions"] { #expect(!document.objects(key).isEmpty, "\(key)") }
    }

    private func checkFocus(_ run: RecordedProgram) throws {
        let selection = try run.json("report", "--focus", "^hot30$").object("selection")
        #expect(abs(selection.number("percent") - 100 * (try run.truth("hot30"))) < 6)
        var foldedNs = 0.0
        for line in try run.text("report", "--focus", "^hot30$", "--folded").split(separator: "\n") {
            #expect(line.contains(";hot30"))
            foldedNs += Double(line.split(separator: " ").last ?? "") ?? .nan
        }
        #expect(foldedNs == selection.number("cpu_ns"))
        let tree = try run.text("report", "--focus", "^hot30$", "--tree")
        #expect(tree.contains("selected: stacks through '^hot30$'") && !tree.contains("hot70"))
        _ = try run.text("report", "--ignore", "^hot70$", "--flamegraph=\(scratch["x.svg"])")
        let graph = String(decoding: scratch.read("x.svg"), as: UTF8.self)
        #expect(graph.contains("<title>hot30\n") && !graph.contains("<title>hot70\n"))
    }

    /// `descend` calls itself 60 times: it and its callers have the time once.
    @Test func recursionCountsOnce() throws {
        let run = try record("recursion.c", "0.7", "60")
        let calls = try run.json("report", "--callers", "^descend$", "--callees", "^descend$").objects("calls")[0]
        let total = calls.number("total_percent")
        // A busy machine's interrupts are in the program's CPU time: up to a tenth of it, and not in `descend`.
        let elsewhere = try run.json("report").objects("functions").filter { $0.string("name").hasPrefix("[") }
            .reduce(0) { $0 + $1.number("self_percent") }
        #expect((0.95 * (100 - elsewhere)...100.001).contains(total), "\(elsewhere) % elsewhere")
        let callers = calls.objects("callers"), callees = calls.objects("callees")
        #expect(Set(callers.map { $0.string("name") }) == ["outer", "descend"])
        #expect(callees.contains { $0.string("name") == "leaf" && $0.number("percent") > 0.9 * total })
        for edge in callers + callees { #expect((0...100.001).contains(edge.number("percent")), "\(edge)") }
        #expect(try run.text("report", "--callers", "^descend$").contains("descend (recursive)"))
        let rows = try run.json("report", "--sort", "symbol", "--children").objects("rows")
        #expect(abs((rows.first { $0.string("symbol") == "descend" } ?? [:]).number("total_percent") - total) < 0.01)
    }

    /// Three threads with the same work, and the one that waits for them.
    @Test func threadsAndSortKeys() throws {
        let run = try record("threads.c", "3", "300")
        let rows = try run.json("report", "--sort", "tid").objects("rows").filter { $0.number("self_percent") > 10 }
        #expect(rows.count == 3)
        for row in rows { #expect(abs(row.number("self_percent") - 100 / 3) < 5, "\(row)") }
        let tid = rows[0].string("tid")
        let document = try run.json("report", "--thread", tid)
        #expect(document.objects("threads").map { $0.number("tid") } == [Double(tid)])
        #expect(document.object("selection").number("cpu_ns") == rows[0].number("self_ns"))
        // The three are equal: among their rows at least one is a tie.
        #expect(rows.contains { $0["tie"] as? Bool == true })
        let text = try run.text("report", "--sort", "comm,dso,symbol,srcline", "--children")
        #expect(text.contains("threads  threads  work    threads.c:") || text.contains("work"))
        #expect(text.contains("total  ±95%"))
    }

    /// `early` before the change that the program names, `late` after it, with its system calls.
    @Test func time() throws {
        let run = try record("phases.c", "0.6")
        let start = try RecordedProgram.run(
            [
                "python3", "-c",
                "import sqlite3,sys;print(sqlite3.connect(sys.argv[1]).execute('SELECT start_ns FROM run').fetchone()[0])",
                run.recording,
            ], in: scratch.directory)
        let startNs = try #require(Double(start.trimmingCharacters(in: .whitespacesAndNewlines)))
        let change = try run.truth("change") - startNs / 1e9
        func shares(_ time: String) throws -> [String: Double] {
            let functions = try run.json("report", "--time", time).objects("functions")
            return Dictionary(functions.map { ($0.string("name"), $0.number("total_percent")) }) { one, _ in one }
        }
        let before = try shares(",\(change)"), after = try shares("\(change),")
        #expect((before["early"] ?? 0) > 97 && (before["late"] ?? 0) < 1, "\(before)")
        #expect((after["late"] ?? 0) > 97 && (after["early"] ?? 0) < 1, "\(after)")
        // A tick in one of the few system calls of `early` stands for as much as one of `late`.
        let (kernelBefore, kernelAfter) = (before["[kernel]"] ?? 0, after["[kernel]"] ?? 0)
        #expect(kernelAfter > 20 && kernelBefore < kernelAfter / 2, "\(kernelBefore) \(kernelAfter)")
    }

    @Test func processes() throws {
        for source in ["split.c", "recursion.c"] {
            _ = try RecordedProgram.compile(source, as: String(source.dropLast(2)), in: scratch.directory)
        }
        let run = try RecordedProgram(["sh", "-c", "./split 0.4; ./recursion 0.4 5; true"], in: scratch.directory)
        let document = try run.json("report", "--process", "recursion")
        #expect(document.objects("processes").map { $0.string("executable") } == [scratch["recursion"]])
        let names = Set(document.objects("functions").map { $0.string("name") })
        #expect(names.contains("leaf") && names.contains("[startup]") && !names.contains("hot70"))
        let rows = try run.json("report", "--sort", "pid,dso").objects("rows")
        let recursion = rows.filter { $0.string("pid") == "\(Int(document.objects("processes")[0].number("pid")))" }
        let sum = recursion.reduce(0) { $0 + $1.number("self_ns") }
        #expect(sum == document.object("selection").number("cpu_ns"))
    }
}
