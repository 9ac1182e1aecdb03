// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@testable import PotterExport

/// The text report: its tables, tree and header.
@Suite struct ReportTextTests {
    /// `samples`: of each stack. With a thousand, no two rows are a tie.
    private func profile(_ stacks: (String, Int64)..., samples: UInt64 = 1) -> Profile {
        var builder = ProfileBuilder()
        for (path, weightNs) in stacks { builder.add(path, weightNs, samples: samples) }
        return builder.profile()
    }

    private func table(
        _ profile: Profile, order: HotspotAnalysis.Order = .selfTime, limit: Int? = nil, percentLimit: Double = 0
    ) -> [String] {
        HotspotText(report: ProfileReport(profile), order: order, limit: limit, percentLimit: percentLimit).lines()
    }

    private func header(_ change: (inout RunSummary) -> Void) -> [String] {
        var summary = profile(("main", 2_000_000_000)).summary
        change(&summary)
        return HeaderText(summary: summary).lines()
    }

    // MARK: Tables

    @Test func functionsWithoutSelfTimeAreCountedNotListed() {
        let profile = profile(("_start/main/a", 900), ("_start/main/b", 100), samples: 1_000)
        let lines = table(profile)
        #expect(lines.count == 4 && lines[1].contains("  a") && lines[2].contains("  b"), "\(lines)")
        #expect(lines[3] == "  … 2 more functions without self time; --order total shows all")
        #expect(
            table(profile, limit: 1).last?.hasSuffix(
                "3 more functions with 10.00% of self time; --limit 0 shows all (2 without self time: with --order total)"
            )
                == true)
        #expect(table(profile, order: .totalTime).count == 5)
    }

    @Test func theLastLineNamesTheOptionThatHides() {
        let profile = profile(("a", 900), ("b", 95), ("c", 5), samples: 1_000)
        #expect(table(profile).count == 4)
        #expect(table(profile, limit: 1).last?.hasSuffix("; --limit 0 shows all") == true)
        #expect(table(profile, percentLimit: 1).last?.hasSuffix("; --percent-limit 0 shows all") == true)
        #expect(
            table(profile, limit: 1, percentLimit: 1).last?.hasSuffix("; --limit 0 --percent-limit 0 shows all") == true
        )
    }

    @Test func theBusiestThreads() {
        var summary = profile(("main", 1)).summary
        summary.threads = (1...50).map { (id: UInt32) in
            var thread = RunSummary.Thread(
                id: id, process: 1, tid: Int32(id), name: "t\(id)", startNs: 0, engine: .perf)
            thread.cpuNs = UInt64(id) * 1_000_000
            return thread
        }
        let lines = ThreadText(summary: summary, limit: 2).lines()
        #expect(lines.count == 4 && lines[1].hasSuffix("t50") && lines[2].hasSuffix("t49"))
        #expect(lines[3] == "  … 48 more threads with 1.18 s of CPU time; --limit 0 shows all")
        #expect(ThreadText(summary: summary, limit: nil).lines().count == 51)
    }

    @Test func rootsOfTheTreeAreApartAndHaveTimes() {
        let profile = profile(
            ("main/work", 2_000_000_000), ("[startup]", 1_000_000_000), ("tiny", 1), samples: 1_000)
        let lines = treeLines(profile, CallTree(profile), percentLimit: 0.5, limit: 100)
        #expect(
            lines == [
                "    total  ±95%      time     self  function",
                "   66.67%  ±2.43   2.00 s    0.00%  main",
                "   66.67%  ±2.43   2.00 s   66.67%  work",
                "",
                "   33.33%  ±1.71   1.00 s   33.33%  [startup]",
                "",
                "  … 1 branch below 0.5%: --percent-limit 0 shows all",
            ])
        let short = treeLines(profile, CallTree(profile), percentLimit: 0, limit: 2)
        #expect(short.count == 5 && short.last == "  … 2 more lines: --limit 0 shows all")
    }

    // MARK: Names

    @Test func controlCharactersAreShownNotSent() {
        let name = "evil\u{1b}[31m\u{7f}\u{9b}2J\r\n\u{202e}x"
        let shown = "evil\\x1b[31m\\x7f\\x9b2J\\x0d\\x0a\\u{202e}x"
        let profile = profile((name, 100))
        var summary = profile.summary
        summary.threads[0].name = name
        summary.run.command = ["./a", name]
        summary.quality.values["unwind.failed:\(name)"] = .number(1)
        let all =
            table(profile) + ThreadText(summary: summary, limit: nil).lines() + HeaderText(summary: summary).lines()
            + treeLines(profile, CallTree(profile), percentLimit: 0, limit: 9)
        #expect(all.filter { $0.contains(shown) }.count >= 3, "\(all)")
        for line in all {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }, "\(line)")
            #expect(!line.contains("\u{202e}"))
        }
    }

    @Test func aLongCommandLineIsCut() {
        let line = header { $0.run.command = ["./server"] + (0..<20_000).map { "--x\($0)" } }[0]
        #expect(line.count == 200 && line.hasPrefix("./server --x0 ") && line.hasSuffix("…"))
    }

    @Test(arguments: [
        ("short<int>(char)", "short<int>(char)"),
        (
            "std::vector<\(String(repeating: "std::pair<int, long>, ", count: 9))int>::push_back(int)",
            "std::vector<…>::push_back(…)"
        ),
        (
            "outer<inner<\(String(repeating: "deep, ", count: 20))>, int>::f(char)", "outer<inner<…>, int>::f(char)"
        ),
        (
            "std::ostream& (anonymous namespace)::operator<< <\(String(repeating: "T, ", count: 40))>(int) const",
            "std::ostream& (anonymous namespace)::operator<< <…>(…) const"
        ),
        (
            "auto f(\(String(repeating: "x", count: 100))) -> int", "auto f(…) -> int"
        ),
        (
            "unbalanced > ) <\(String(repeating: "x", count: 100))", "unbalanced > ) <…"
        ),
    ])
    func longNamesAreShortenedFromTheInside(name: String, short: String) {
        #expect(ShortName.of(name) == short)
    }

    @Test func aNameWithoutBracketsLosesItsMiddle() {
        let short = ShortName.of("first" + String(repeating: "x", count: 400) + "last")
        #expect(short.count == 100 && short.hasPrefix("first") && short.hasSuffix("last") && short.contains("…"))
    }

    @Test func onlyTheTablesShortenNames() {
        let name = "f<" + String(repeating: "int, ", count: 80) + "int>()"
        let profile = profile((name, 100))
        #expect(table(profile)[1].contains("f<…>()"))
        #expect(FlameGraphFunction(profile.functions[1], isRoot: false).title.contains("int, int&gt;()"))
        #expect(FoldedStacks.escaped(name) == name)
    }

    // MARK: Header

    @Test func oneIsSingular() {
        #expect(header { _ in }[1].contains("1 sample,"))
    }

    @Test func anEmptyRecordingSaysWhatToDo() {
        let lines = header {
            $0.threads[0].totals = KindTotals()
            $0.threads[0].totals.add(.startup, samples: 0, weightNs: 3_000_000)
        }
        #expect(lines[1].contains("0 samples"))
        #expect(lines[3].contains("little CPU time (3.00 ms); raise -F or run it longer"))
        #expect(!header { _ in }.contains { $0.contains("raise -F") })
        // As much time as this must have been sampled: the advice would be wrong.
        let busy = header {
            $0.threads[0].totals = KindTotals()
            $0.threads[0].totals.add(.unattributed, samples: 0, weightNs: 3_000_000_000)
        }
        #expect(!busy.contains { $0.contains("raise -F") })
    }

    @Test func signalsHaveNames() {
        #expect(header { $0.run.exitStatus = 139 }[1].hasSuffix("killed by SIGSEGV (139)"))
        #expect(header { $0.run.exitStatus = 137 }[1].hasSuffix("killed by SIGKILL (137)"))
        for status: Int32 in [0, 1, 128, 160, 255] {
            #expect(header { $0.run.exitStatus = status }[1].hasSuffix("exit status \(status)"))
        }
    }
}
