// SPDX-License-Identifier: Apache-2.0
// Programs that know where their CPU time went, and say it: shares, threads, kernel time, totals.
//
// The machine may be busy: only CPU clocks and ratios are compared, never wall time.
import Foundation
import PotterProfile
import Testing

/// All tests that measure. One after the other: they would take the CPUs from each other.
@Suite(.serialized) enum AccuracyTests {}

extension AccuracyTests {
    @Suite(.serialized) struct KnownAnswerTests {
        static let seconds = Workbench.isLong ? "60" : "11"
        /// Programs and users: every language, and another user once in the short version.
        static let splits = ["split.c", "split.cc", "split.rs", "split.swift"].flatMap { source in
            RecordedRun.User.allCases.filter { $0 == .root || Workbench.isLong || source == "split.c" }.map { (source, $0) }
        }

        @Test(arguments: splits)
        func shares(source: String, user: RecordedRun.User) throws {
            guard user == .root || Workbench.isRoot else { return }
            let run = try RecordedRun([try Workbench.compile(source), Self.seconds], as: user)
            try checkSplit(run, "\(source) as \(user)")
            #expect(run.userSamples >= 9_900, "\(run.userSamples) samples: 10,000 are meant")
        }

        private func checkSplit(_ run: RecordedRun, _ name: String) throws {
            let hot70 = run.sum([.user], through: "hot70"), hot30 = run.sum([.user], through: "hot30")
            let check = ShareCheck(
                read: hot70.weightNs / (hot70.weightNs + hot30.weightNs), truth: try run.truth("hot70"),
                samples: hot70.samples + hot30.samples)
            report(name, "\(check); \(try totals(run))")
            #expect(abs(check.sigma) <= 3, "\(check)")
            let outside = run.userSamples - hot70.samples - hot30.samples
            #expect(Double(outside) <= 0.02 * Double(run.userSamples), "\(outside) samples in neither")
            try checkTotal(run)
        }

        @Test func timerShares() throws {
            let run = try RecordedRun([try Workbench.compile("split.c"), "17"], engine: "timer", rate: 250)
            let hot70 = run.sum(through: "hot70"), hot30 = run.sum(through: "hot30")
            let read = hot70.weightNs / (hot70.weightNs + hot30.weightNs), truth = try run.truth("hot70")
            let ticks = Int((hot70.weightNs + hot30.weightNs) / Double(run.run.tickNs))
            report("split.c by timer", "\(ticks) ticks, share \(read.short), true \(truth.short); \(try totals(run))")
            #expect(ticks >= 4_000)
            #expect(abs(read - truth) <= 0.05)
            try checkTotal(run)
        }
    }
}

/// All weights, pseudo frames included, against getrusage of the program.
func checkTotal(_ run: RecordedRun) throws {
    let truth = try run.truth("cpu") * 1e9
    let sum = run.profile.weights.reduce(0) { $0 + Double($1.weightNs) }
    #expect(abs(sum / truth - 1) <= 0.02, "weights are \((sum / truth).short) of getrusage's \(truth * 1e-9) s")
    #expect(run.quality.lost == 0)
    let totals = run.totals
    // A thread starts its CPU timer by itself, before anything else.
    let kinds: [WeightKind] = run.run.engine == .perf ? [.startup, .arming, .exit] : [.startup, .exit]
    for kind in kinds { #expect(totals[kind] > 0, "no [\(kind)]") }
}

/// The figures of a run in words.
func totals(_ run: RecordedRun) throws -> String {
    let totals = run.totals
    let all = Double(totals.totalNs)
    let shares = WeightKind.allCases.map { "\($0) \((Double(totals[$0]) / all).percent)" }
    return "sum \((all * 1e-9 / (try run.truth("cpu"))).short) of getrusage, \(shares.joined(separator: ", "))"
}
