// SPDX-License-Identifier: Apache-2.0
// Sampled mode: estimates are unbiased, their variances true, and what is not sampled is not in the index.

import Foundation
import Testing

@Suite struct HeapSamplingTests {
    private static let runs = 24
    private static let units = 1024.0

    /// Estimates of one figure, a run each.
    private struct Estimates {
        var truth = 0.0
        var values: [Double] = []
        var variances: [Double] = []

        /// How many standard errors the mean is from the truth.
        var score: Double {
            let error = (variances.reduce(0, +) / Double(variances.count * variances.count)).squareRoot()
            let mean = values.reduce(0, +) / Double(values.count)
            return error > 0 ? (mean - truth) / error : (mean - truth) / max(truth, 1) * 1e4
        }
        /// How many of the 95 % intervals hold the truth.
        var inside: Int {
            zip(values, variances).filter { abs($0 - truth) <= 1.96 * $1.squareRoot() }.count
        }
    }

    private func add(_ expectation: HeapRun.Expectation, to all: inout [String: Estimates]) {
        let name = String(expectation.text.split(separator: " ")[1])
        let sites = expectation.sites
        let sum = { (value: (HeapRun.Site) -> Double) in sites.reduce(0) { $0 + value($1) } }
        let figures = [
            ("blocks", 0, sum { Double($0.allocations) } / Self.units, sum(\.countVariance)),
            ("bytes", 1, sum { Double($0.bytes) }, sum(\.bytesVariance)),
        ]
        for (figure, at, value, variance) in figures {
            all[name + figure, default: Estimates()].truth = Double(expectation.expected[at])
            all[name + figure]!.values.append(value)
            all[name + figure]!.variances.append(variance)
        }
    }

    @Test func estimatesAreUnbiasedAndTheirIntervalsTrue() throws {
        let program = try HeapTools.program("sampled.c")
        var all: [String: Estimates] = [:]
        for _ in 0..<Self.runs {
            let run = try HeapTools.run(program, mode: "65536")
            #expect(run.status == 0 && run.refused == 0 && run.expectations.count == 5)
            #expect(run.counts["replaced"] == 0)
            for expectation in run.expectations { add(expectation, to: &all) }
            // The 300 large blocks are all sampled, of the others one in hundreds; half of them are freed.
            let blocks = try #require(run.frozen.first?["blocks"])
            #expect(blocks >= 148 && blocks < 2000)
        }
        for (name, estimates) in all.sorted(by: { $0.key < $1.key }) {
            print("heap sampling, \(name): \(estimates.score) standard errors, \(estimates.inside)/\(Self.runs) inside")
            // One in a million of honest runs is further off.
            #expect(abs(estimates.score) < 5, "\(name): \(estimates)")
        }
        // 95 % of the intervals, less what chance takes. `empty` has a sample or two, `large` no variance to speak of.
        let judged = all.filter { !$0.key.hasPrefix("empty") && !$0.key.hasPrefix("large") }.values
        let inside = judged.reduce(0) { $0 + $1.inside }
        #expect(judged.count == 6 && Double(inside) > 0.85 * Double(6 * Self.runs))
    }

    @Test func stacksOfSamplesAreExact() throws {
        let run = try HeapTools.run(HeapTools.program("sampled.c"), mode: "4096", flags: 1)
        #expect(run.counts["verified", default: 0] > 10000)
        #expect(run.counts["different"] == 0 && run.counts["replaced"] == 0)
    }
}
