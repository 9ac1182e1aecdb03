// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@testable import PotterExport

/// What `--process`, `--thread`, `--focus` and `--ignore` leave of a profile, and what its percentages are of.
@Suite struct SelectionTests {
    /// Two processes, three threads, 1000 ns.
    private func profile() -> Profile {
        var builder = ProfileBuilder()
        builder.addProcess(1, pid: 100, executable: "/bin/server")
        builder.addProcess(2, pid: 200, executable: "/bin/helper")
        builder.addThread(1, tid: 100, name: "server")
        builder.addThread(2, tid: 101, name: "NIO-ELT-0-#1")
        builder.addThread(3, process: 2, tid: 200, name: "helper")
        builder.add("main/parse/lex", 300, samples: 30)
        builder.add("main/print/[kernel]", 100, kind: .kernel, samples: 10)
        builder.add("[unattributed]", 50, kind: .unattributed, samples: 0)
        builder.add("start/parse", 200, samples: 20, thread: 2)
        builder.add("start/send", 150, samples: 15, thread: 2)
        builder.add("[arming]", 20, kind: .arming, samples: 0, thread: 2)
        builder.add("main/parse", 100, samples: 10, process: 2, thread: 3)
        builder.add("[startup]", 60, kind: .startup, samples: 0, thread: 0)
        builder.add("[exit]", 20, kind: .exit, samples: 0, process: 2, thread: 0)
        return builder.profile()
    }

    private func part(_ change: (inout Selection) throws -> Void) throws -> Profile {
        var selection = Selection()
        try change(&selection)
        return try selection.part(of: profile())
    }

    private func total(_ profile: Profile) -> Int64 { profile.weights.reduce(0) { $0 + $1.weightNs } }

    // MARK: Tasks

    @Test func aProcessKeepsAllOfItsTime() throws {
        for name in ["100", "server", "s*r"] {
            let part = try part { $0.processes = [TaskName(name)] }
            #expect(total(part) == 880, "\(name)")
            #expect(part.summary.processes.map(\.pid) == [100] && part.summary.threads.map(\.tid) == [100, 101])
            #expect(part.summary.totals[.startup] == 60 && part.summary.totals[.exit] == 0)
            #expect(part.part?.leftOut == KindTotals() && part.part?.recording.totals.totalNs == 1_000)
        }
        #expect(try total(part { $0.processes = try TaskName.list("server,200") }) == 1_000)
    }

    @Test func aThreadKeepsWhatBelongsToIt() throws {
        for name in ["101", "NIO-ELT-0-#1", "NIO-*"] {
            let part = try part { $0.threads = [TaskName(name)] }
            #expect(total(part) == 370, "\(name)")
            #expect(part.summary.totals[.arming] == 20)
            #expect(part.part?.leftOut[.startup] == 60)  // of its process, and of no thread
            #expect(part.part?.leftOut[.exit] == 0)
        }
    }

    @Test func conditionsHoldTogether() throws {
        #expect(
            try total(
                part {
                    $0.processes = [TaskName("server")]
                    $0.threads = [TaskName("100")]
                    $0.focus = try NamePattern("parse")
                }) == 300)
        #expect(throws: SelectionError.self) {
            try part {
                $0.processes = [TaskName("helper")]
                $0.threads = [TaskName("100")]
            }
        }
    }

    @Test func whatIsNotThereIsAnErrorThatNamesWhatIs() {
        #expect {
            try part { $0.threads = [TaskName("worker")] }
        } throws: {
            "\($0)" == "no thread worker in the recording, only 100 server, 101 NIO-ELT-0-#1, 200 helper"
        }
        #expect {
            try part { $0.processes = [TaskName("nginx")] }
        } throws: {
            "\($0)" == "no process nginx in the recording, only 100 server, 200 helper"
        }
        #expect {
            try part { $0.focus = try NamePattern("^par$") }
        } throws: {
            "\($0)".hasPrefix("no function, module or file of the recording matches")
        }
    }

    // MARK: Functions

    @Test func focusKeepsWholeStacksAndNoTimeWithoutOne() throws {
        let part = try part { $0.focus = try NamePattern("^parse$") }
        #expect(total(part) == 600)
        #expect(CallTree(part).nodes[0].totalNs == 600)
        let main = HotspotAnalysis(part).hotspots.first { part.functions[$0.function].name == "main" }
        #expect(main?.totalNs == 400)
        #expect(part.part?.leftOut[.unattributed] == 50 && part.part?.leftOut[.startup] == 60)
        #expect(part.part?.leftOut[.arming] == 20 && part.part?.leftOut[.exit] == 20)
        // Even a pattern that its name would match.
        #expect(try total(self.part { $0.focus = try NamePattern("a") }) == 850)
    }

    @Test func ignoreLeavesOutWholeStacks() throws {
        #expect(try total(part { $0.ignore = try NamePattern("^parse$") }) == 400)
        #expect(try total(part { $0.ignore = try NamePattern("unattributed") }) == 950)
        #expect(
            try total(
                part {
                    $0.focus = try NamePattern("main")
                    $0.ignore = try NamePattern("lex|send")
                }) == 200)
    }

    @Test func patternsLookAtModulesAndFilesToo() throws {
        #expect(try total(part { $0.focus = try NamePattern("/bin/app") }) == 850)  // the binary of all functions
        #expect(try total(part { $0.focus = try NamePattern("app\\.c$") }) == 850)
    }

    @Test func theKernelIsAFunctionOfItsStack() throws {
        let part = try part { $0.focus = try NamePattern("^\\[kernel]$") }
        #expect(total(part) == 100 && part.summary.totals[.kernel] == 100)
    }

    // MARK: Percentages

    @Test func percentagesAreOfThePart() throws {
        let part = try part { $0.threads = [TaskName("101")] }
        let report = ProfileReport(part)
        let first = report.hotspots(by: .selfTime)[0]
        #expect(first.function.name == "parse" && abs(first.selfPercent - 100 * 200 / 370.0) < 1e-9)
        #expect(report.totalNs == 370 && report.recording.totals.totalNs == 1_000)
    }

    @Test func theHeaderSaysOfWhatAndHowMuchThatIs() throws {
        let part = try part {
            $0.threads = [TaskName("101")]
            $0.focus = try NamePattern("parse")
        }
        let lines = SelectionText(part.summary, part.part)?.lines() ?? []
        #expect(
            lines == [
                "selected: thread 101; stacks through 'parse': 200 ns CPU, 20.00% of the recording, 20 samples",
                "percentages are of the selected CPU time; not in it, having no stack, thread or time of its own: "
                    + "startup 60 ns, arming 20 ns",
            ])
        let whole = try Selection().part(of: profile())
        #expect(SelectionText(whole.summary, whole.part) == nil)
    }

    @Test func theFlameGraphAndTheFoldedStacksAreOfThePart() throws {
        let part = try part { $0.focus = try NamePattern("send") }
        let scratch = Scratch()
        let output = try OutputFile(path: scratch["out"])
        FoldedStacks(part, tree: CallTree(part)).write(to: output)
        FlameGraph(part, tree: CallTree(part)).write(to: output)
        try output.close()
        let text = String(decoding: scratch.read("out"), as: UTF8.self)
        #expect(text.hasPrefix("start;send 150\n<?xml"))
        #expect(
            text.contains(">CPU time 150 ns · 15.0% of the recording: stacks through &apos;send&apos; · ")
                || text.contains(">CPU time 150 ns · 15.0% of the recording: stacks through 'send' · "))
        #expect(text.contains("data-total=\"150\""))
    }
}
