// SPDX-License-Identifier: Apache-2.0
// Engine sigtrap, which exists for comparison: known answers under it, and programs that use SIGTRAP themselves.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct SigtrapTests {
        static var users: [RecordedRun.User] {
            Workbench.isRoot && Workbench.isLong ? RecordedRun.User.allCases : [.root]
        }

        /// As for engine perf: of honest runs one in 370 lies outside of 3 sigma, and one in 137,000 does so twice.
        @Test(arguments: users) func shares(user: RecordedRun.User) throws {
            var check: ShareCheck
            var attempts = 0
            repeat {
                let run = try RecordedRun([try Workbench.compile("split.c"), "3"], engine: "sigtrap", as: user)
                let hot70 = run.sum([.user], through: "hot70"), hot30 = run.sum([.user], through: "hot30")
                check = ShareCheck(
                    read: hot70.weightNs / (hot70.weightNs + hot30.weightNs), truth: try run.truth("hot70"),
                    samples: hot70.samples + hot30.samples)
                report("split.c by sigtrap as \(user)", "\(check); \(try totals(run))")
                #expect(run.run.engine == .sigtrap)
                #expect(run.userSamples > 1_000, "\(run.userSamples)")
                try checkTotal(run)
                attempts += 1
            } while abs(check.sigma) > 3 && attempts < 2
            #expect(abs(check.sigma) <= 3, "twice: \(check)")
        }

        /// The ticks that divide kernel time, and the clock of page faults, raise the same signal.
        @Test func kernelTimeAndPageFaults() throws {
            let readers = try RecordedRun([try Workbench.compile("readers.c"), "2"], engine: "sigtrap")
            let reader = readers.sum(through: "kernel_reader").weightNs
            let share = reader / (reader + readers.sum(through: "user_worker").weightNs)
            let faults = try RecordedRun([try Workbench.compile("faults.c"), "2"], engine: "sigtrap")
            let all = Double(faults.totals.totalNs), toucher = faults.sum(through: "toucher")
            report(
                "sigtrap",
                "kernel_reader \(share.short), true \(try readers.truth("kernel_reader").short); toucher "
                    + "\((toucher.weightNs / all).short), true \(try faults.truth("toucher").short)")
            // In 2 s some hundred ticks of the kernel divide its time, and they come in step with a program at times.
            #expect(abs(share - (try readers.truth("kernel_reader"))) <= 0.2)
            #expect(abs(toucher.weightNs / all - (try faults.truth("toucher"))) <= 0.2)
            #expect(faults.sum([.fault], through: "toucher").samples >= 100)
            try checkTotal(readers)
            try checkTotal(faults)
        }
    }
}

extension AccuracyTests.SigtrapTests {
    private static let program = Result { try Workbench.compile("accuracy/traps.c", as: "traps") }

    /// The program sees what it would see without Potter. One that wants the signal gets it, and is not sampled from then on.
    @Test(arguments: [("breakpoint", 0), ("handler", 1), ("ignore", 1), ("wait", 0), ("exec", 0)])
    func programsThatUseTheSignal(how: String, taken: Int) throws {
        let command = [try Self.program.get(), how]
        let plain = RecordProcess(plain: command).wait()
        let run = RecordProcess(command, options: ["-q", "-F", "997", "--engine", "sigtrap"])
        let result = run.wait()
        #expect(result.status == plain.status && result.output == plain.output, "\(result), plain \(plain)")
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(run.quality("processes.signal_taken") == taken)
        let isSampled = how == "breakpoint" || how == "raise" || how == "handler"
        #expect(!isSampled || run.number("SELECT count(*) FROM sample WHERE kind=1") > 50)
        let text = run.report().output
        #expect(text.contains("engine sigtrap (asked for; for comparison only)"), "\(text)")
        #expect(text.contains("1 process handled SIGTRAP, ignored it or waited for it") == (taken == 1), "\(text)")
    }

    /// 1 (EPERM): most containers. 22 (EINVAL): kernels before 5.13; this one says it to every clock.
    @Test(arguments: [("1", "Operation not permitted"), ("22", "Invalid argument")])
    func aKernelThatRefuses(error: String, words: String) {
        let run = RecordProcess(
            ["true"], options: ["--engine", "sigtrap"], launcher: [RobustBench.withoutPerf],
            environment: ["NO_PERF_ERRNO=\(error)"])
        let result = run.wait()
        #expect(result.status == 1 && result.lines.count == 1, "\(result)")
        #expect(result.errors.contains("engine sigtrap is refused (perf_event_open: \(words)"), "\(result)")
    }
}
