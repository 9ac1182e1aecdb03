// SPDX-License-Identifier: Apache-2.0
// What mistakes samplers make: being in step with the program, charging system calls to the wrong caller, running out
// of descriptors.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct EngineTests {
        static let factors = Workbench.isLong ? [1, 0.5, 2] : [1]

        /// A loop of one, a half, or two sampling periods: a fixed period reads a true 30 % as 0 to 97 %.
        @Test(arguments: factors)
        func aProgramInStepWithTheSampler(factor: Double) throws {
            let period = String(Int(1e6 / 997 * factor))
            let run = try RecordedRun([try Workbench.compile("lockstep.c"), "11", period])
            let first = run.sum([.user], through: "first"), second = run.sum([.user], through: "second")
            let share = first.weightNs / (first.weightNs + second.weightNs)
            report(
                "lockstep.c, \(factor) periods",
                "\(first.samples + second.samples) samples, share \(share.short), true 0.3")
            #expect(first.samples + second.samples > 9_000)
            #expect(abs(share - 0.3) <= 0.03)
        }

        /// Half of the CPU in long system calls of one function, a third in short ones of another.
        @Test(arguments: RecordedRun.User.allCases)
        func twoCallersOfSystemCalls(user: RecordedRun.User) throws {
            guard user == .root || Workbench.isRoot else { return }
            let run = try RecordedRun([try Workbench.compile("callers.c"), Workbench.isLong ? "30" : "8"], as: user)
            let names = ["long_calls", "short_calls", "user_worker"]
            let weights = names.map { run.sum(through: $0).weightNs }
            // Some 2,000 ticks divide the kernel time: they have read .450 of a true .500.
            let bound = Workbench.isLong ? 0.05 : 0.08
            let all = weights.reduce(0, +)
            var figures: [String] = []
            for (name, weight) in zip(names, weights) {
                let truth = try run.truth(name)
                figures.append("\(name) \((weight / all).short), true \(truth.short)")
                #expect(abs(weight / all - truth) <= bound, "\(name) \(weight / all) of \(truth)")
            }
            report("callers.c as \(user)", figures.joined(separator: "; "))
        }

        /// More threads than perf clocks can be had for: those without are named, with their CPU time.
        @Test func moreThreadsThanDescriptors() throws {
            let run = RecordProcess(
                [RobustBench.program, "busy", "0.02", "300"], options: ["-q", "-F", "997", "--engine", "perf"],
                launcher: ["sh", "-c", "ulimit -n 200 && exec \"$@\"", "sh"])
            #expect(run.wait().status == 7)
            #expect(run.number("SELECT count(*) FROM thread") == 300)
            let unsampled = run.number(
                "SELECT count(*) FROM thread WHERE unsampled_reason LIKE '%Too many open files%'")
            #expect(unsampled > 20 && unsampled < 250, "\(unsampled)")
            #expect(run.number("SELECT sum(cpu_ns) / 1000000 FROM thread") > 5_900, "all of it is accounted for")
            let text = run.report().output
            #expect(text.contains("were not sampled (perf clock: Too many open files)"), "\(text)")
        }
    }
}
