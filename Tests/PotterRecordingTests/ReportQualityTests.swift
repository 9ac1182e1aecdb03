// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@testable import PotterExport

/// The verdict of the report: `quality: good`, or the problems in plain words.
@Suite struct ReportQualityTests {
    private func summary(_ values: [String: Int64] = [:], samples: UInt64 = 1_000) -> RunSummary {
        var summary = ProfileBuilder().profile().summary
        summary.threads[0].totals.add(.user, samples: samples, weightNs: Int64(samples) * 10_000_000)
        for (key, value) in values { summary.quality.values[key] = .number(value) }
        return summary
    }

    private func lines(_ summary: RunSummary) -> [String] { QualityText(summary: summary).lines() }

    @Test func aGoodRunSaysSoFirst() {
        let good = lines(summary())
        #expect(good == ["quality: good; 1,000 samples, 0 lost; engine perf; 99 Hz asked, 0.0 Hz delivered"])
    }

    @Test(arguments: [
        ["unwind.failed:libc.so.6": 9], ["stacks.cut": 9], ["unwind.fallback:ld.so": 400],
        ["signals.unknown_thread": 5],
        ["cpu.over_attributed_ns": 5], ["images": 3], ["new.counter": 1],
    ])
    func whatIsNoProblem(values: [String: Int64]) {
        #expect(lines(summary(values))[0].hasPrefix("quality: good; "))
    }

    @Test func onlyCountersThatAreNotZeroAreFigures() {
        let values: [String: Int64] = [
            "lost.ring_full": 0, "threads.no_slot": 0, "unwind.failed": 0, "stacks.cut": 3, "signals.unknown_thread": 5,
            "new.counter": 7,
        ]
        let line = lines(summary(values))[0]
        #expect(line.contains("0 lost; unwinds: 3 truncated; engine"))
        #expect(line.contains("new counter 7") && !line.contains("unknown") && !line.contains("no slot"))
        #expect(lines(summary(["signals.unknown_thread": 500]))[0].contains("signals unknown thread 500"))
    }

    @Test(
        arguments: [
            (["lost.ring_full": 31], "31 samples lost (ring full): the machine was too busy"),
            (["lost.stack_table_full": 1], "1 sample lost (stack table full): too many different stacks"),
            (["lost.of_a_newer_recorder": 2], "2 samples lost (of a newer recorder)"),
            (["threads.no_slot": 3], "3 threads were not sampled: the table of threads was full"),
            (
                ["threads.timer_failed": 1],
                "1 thread without a CPU timer: raise the limit of pending signals (ulimit -i)"
            ),
            (["processes.no_slot": 1], "1 child process was not sampled: the table of processes was full"),
            (["modules.no_slot": 2], "2 libraries found the table of modules full"),
            (
                ["processes.signal_taken": 1],
                "1 process handled SIGPROF, ignored it or waited for it, and was not sampled from then on"
            ),
            (
                ["images.foreign": 1, "images.foreign:/opt/musl-hello": 1],
                "1 program could not load the recorder (static, other loader, setuid, traced, or little address space): musl-hello"
            ),
            (
                ["unwind.failed:/lib/libx.so": 10],
                "the callers of 1.0% of the samples are not known (libx.so 10): build"
            ),
            (["stacks.cut": 500], "50.0% of the stacks are deeper than is kept"),
            (["gap_ns": 2_000_000_000], "nothing was recorded for 2.00 s"),
            (["recovered": 1], "complete up to its last commit"),
        ] as [([String: Int64], String)])
    func problemsComeFirst(values: [String: Int64], words: String) {
        let lines = lines(summary(values))
        #expect(lines.count == 3 && lines[0] == "quality: 1 problem", "\(lines)")
        #expect(lines[1].hasPrefix("  - ") && lines[1].contains(words), "\(lines)")
        #expect(lines[2].contains("1,000 samples"))
        #expect(QualityText(summary: summary(values)).line().contains(words))
    }

    @Test func threadsWithoutSamplesAreTold() {
        var summary = summary()
        for id: UInt32 in 2...4 {
            var thread = RunSummary.Thread(id: id, process: 1, tid: Int32(id), name: "t", startNs: 0, engine: .perf)
            thread.unsampledReason = id == 4 ? "perf clock: Too many open files" : "blocks SIGPROF"
            thread.cpuNs = 1_000_000_000
            summary.threads.append(thread)
        }
        let lines = lines(summary)
        #expect(lines[0] == "quality: 2 problems")
        #expect(lines[1] == "  - 2 threads with 2.00 s of CPU time were not sampled (blocks SIGPROF)")
        #expect(
            lines[2].contains(
                "1 thread with 1.00 s of CPU time was not sampled (perf clock: Too many open files); --engine timer"))
    }

    @Test func theTimerEngineIsNoFasterThanTheTick() {
        var summary = summary(["samples.engine": 2_500])
        summary.run.engine = .timer
        summary.run.rateHz = 997
        let words = "997 Hz asked, 250 Hz delivered (the timer engine is no faster than the kernel's tick)"
        #expect(lines(summary)[0].contains(words))
        summary.run.rateHz = 260
        #expect(!lines(summary)[0].contains("tick"))
        summary.run.rateHz = 997
        summary.run.engine = .perf
        #expect(!lines(summary)[0].contains("tick"))
    }
}
