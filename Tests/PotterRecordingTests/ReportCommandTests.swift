// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterRecording
import Testing

/// The built `potter-prof report`, by its command line.
@Suite struct ReportCommandTests {
    let scratch = Scratch()

    private struct Result {
        var status: Int32
        var output: String
        var errors: String
        /// Files it wrote, with the first bytes that tell what they are.
        var files: [String: String]
    }

    /// Runs `potter-prof ARGUMENTS` in the scratch directory; `-i r.potter` must be among them.
    private func potter(_ arguments: [String]) -> Result {
        scratch.run("/bin/rm", "-rf", scratch["run"])
        mkdir(scratch["run"], 0o700)
        let program = #filePath.replacing(
            "Tests/PotterRecordingTests/ReportCommandTests.swift", with: ".build/debug/potter-prof")
        let status = scratch.run(
            ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\" >../out 2>../err", scratch["run"], program] + arguments)
        var files: [String: String] = [:]
        scratch.run("/bin/sh", "-c", "ls \"$0\" > \"$0\"/../names", scratch["run"])
        for name in text("names").split(separator: "\n") { files[String(name)] = kind(text("run/\(name)")) }
        return Result(status: status, output: text("out"), errors: text("err"), files: files)
    }

    private func text(_ name: String) -> String { String(decoding: scratch.read(name), as: UTF8.self) }

    private func kind(_ text: String) -> String {
        if text.hasPrefix("<?xml") { return "svg" }
        if text.hasPrefix("{") { return "json" }
        return text.hasPrefix("main;work ") || text.hasPrefix("main ") ? "folded" : text.isEmpty ? "" : "text"
    }

    private func record() throws -> String {
        try scratch.writer().finish()
        return scratch["r.potter"]
    }

    @Test func valuesOfDocumentOptionsInAnyPlace() throws {
        let input = try record()
        let cases: [(arguments: [String], output: String, files: [String: String])] = [
            (["--flamegraph=f.svg", "--limit", "2"], "text", ["f.svg": "svg"]),
            (["--flamegraph", "f.svg", "--limit", "2"], "text", ["f.svg": "svg"]),
            (["--limit", "2", "--flamegraph=f.svg"], "text", ["f.svg": "svg"]),
            (["--limit", "2", "--flamegraph", "f.svg"], "text", ["f.svg": "svg"]),
            (["--flamegraph", "--limit", "2"], "text", ["potter.svg": "svg"]),
            (["--limit", "2", "--flamegraph"], "text", ["potter.svg": "svg"]),
            (
                ["--json=x.json", "--folded=x.folded", "--flamegraph=x.svg"], "text",
                ["x.json": "json", "x.folded": "folded", "x.svg": "svg"]
            ),
            (
                ["--flamegraph", "x.svg", "--json", "x.json", "--folded", "x.folded", "--tree"], "text",
                ["x.json": "json", "x.folded": "folded", "x.svg": "svg"]
            ),
            (["--json", "--tree"], "json", [:]), (["--tree", "--json"], "json", [:]),
            (["--json=-", "--tree"], "json", [:]), (["--json", "-", "--tree"], "json", [:]),
            (["--folded", "--limit", "3"], "folded", [:]), (["--folded=-", "--limit", "3"], "folded", [:]),
            (["--json", "--folded=x.folded"], "json", ["x.folded": "folded"]),
            (["--folded", "--json=x.json", "--flamegraph"], "folded", ["x.json": "json", "potter.svg": "svg"]),
            (["--flamegraph=-", "--limit", "3"], "svg", [:]), (["--flamegraph", "-"], "svg", [:]),
        ]
        for (arguments, output, files) in cases {
            let before = potter(["report", "-i", input] + arguments)
            #expect(before.status == 0 && kind(before.output) == output && before.files == files, "\(arguments)")
            let after = potter(["report"] + arguments + ["-i", input])
            #expect(after.status == 0 && kind(after.output) == output && after.files == files, "\(arguments)")
        }
    }

    @Test func theTextIsBesideAFlameGraphOnStandardOutput() throws {
        let result = try potter(["report", "-i", record(), "--flamegraph=-"])
        #expect(result.output.hasPrefix("<?xml") && result.errors.contains("work"))
    }

    @Test func onlyOneDocumentOnStandardOutput() throws {
        let result = try potter(["report", "-i", record(), "--json", "--flamegraph=-"])
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("--json and --flamegraph") && result.errors.contains("--flamegraph=FILE"))
    }

    @Test func oddValuesAreNamed() {
        for (arguments, words) in [
            (["report", "--limit", "-1"], "--limit -1: give a number of rows"),
            (["report", "--limit=-1"], "--limit -1: give a number of rows"),
            (["report", "--limit", "x"], "'x'"),
            (["report", "--percent-limit", "-3"], "--percent-limit -3.0: give a percentage"),
            (["report", "--focus", "("], "--focus: pattern '(': Unmatched"),
            (["report", "--ignore", "-v["], "--ignore: pattern '-v[': "),
            (["report", "--callers", ""], "--callers: an empty pattern"),
            (["report", "--callees", "(?i)x"], "--callees: pattern '(?i)x': (? is not known here"),
            (["report", "--thread", "a,,b"], "--thread: 'a,,b': give numbers or names"),
            (["report", "--process", ""], "--process: '': give numbers or names"),
            (["report", "--sort", "comm,cpu"], "--sort: sort key 'cpu': give some of comm,pid,tid,dso,symbol,srcline"),
            (["report", "--time", "-1,2"], "--time: time '-1,2': give FROM,TO in seconds"),
            (["findings", "--time", "5"], "--time: time '5': give FROM,TO in seconds"),
            (["report", "--bogus"], "potter-prof report --help"),
            (["bogus"], "no subcommand bogus, only record, report"),
        ] {
            let result = potter(arguments)
            #expect(result.status == 2 && result.errors.contains(words), "\(arguments): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test(arguments: ["--json=../r.potter", "--folded=../r.potter", "--flamegraph=../r.potter"])
    func documentsReplaceNoRecording(option: String) throws {
        let path = try record()
        let before = scratch.read("r.potter")
        let result = potter(["report", "-i", path, option])
        #expect(result.status == 1 && result.errors.contains("a recording is there"), "\(result)")
        #expect(scratch.read("r.potter") == before)
    }
}
