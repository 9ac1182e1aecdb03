// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

/// Intervals and ties: what 95 % confidence means is tried out, with seeds that never change.
@Suite struct ShareStatisticsTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    private func weight(_ ns: Int64, _ samples: UInt64, _ kind: WeightKind = .user) -> Weight {
        Weight(stack: 1, process: 1, thread: 1, kind: kind, samples: samples, weightNs: ns)
    }

    /// Of equal samples it is Wilson's interval, whose ends for 10 of 100 are known: 5.52 and 17.44 %.
    @Test func equalSamplesHaveWilsonsInterval() {
        let weights = [weight(1_000, 10), weight(9_000, 90)]
        let statistics = ShareStatistics(weights)
        let interval = statistics.interval(ns: 1_000, samples: 10, variance: weights[0].variance)
        #expect(abs(interval.low - 5.52) < 0.01 && abs(interval.high - 17.44) < 0.01, "\(interval)")
    }

    @Test func theEndsStayWithinAllAndNothing() {
        let all = weight(1_000, 10)
        let interval = ShareStatistics([all]).interval(ns: 1_000, samples: 10, variance: all.variance)
        #expect(interval.high == 100 && abs(interval.low - 72.25) < 0.01, "\(interval)")  // 10 of 10
        let none = ShareStatistics([all]).interval(ns: 0, samples: 0, variance: 0)
        #expect(none == ShareInterval(low: 0, high: 0))
        #expect(ShareStatistics([]).interval(ns: 5, samples: 1, variance: 25) == ShareInterval(low: 0, high: 0))
    }

    @Test func whatClocksSayHasNoInterval() {
        let startup = weight(500, 0, .startup)
        let statistics = ShareStatistics([startup, weight(500, 5)])
        #expect(
            statistics.interval(ns: 500, samples: 0, variance: startup.variance) == ShareInterval(low: 50, high: 50))
    }

    @Test func whatIsLeftOfAClockIsAsUncertainAsTheSamples() {
        var builder = ProfileBuilder()
        builder.add("main", 9_000, samples: 1_200)
        builder.add("[unattributed]", 1_000, kind: .unattributed, samples: 0)
        let row = ProfileReport(builder.profile()).hotspots(by: .selfTime)[1]
        // 9000 / 1200 = 7.5 each; sqrt(1200 / 12) = 10 of them are one standard deviation.
        #expect(abs(row.selfInterval.high - 10 - 1.959964 * 0.75) < 1e-6, "\(row.selfInterval)")
        #expect(abs(row.selfInterval.low - 10 + 1.959964 * 0.75) < 1e-6)
    }

    /// A share of samples of different weights: some of 10 ms, some ticks of 4 ms, some of 1 ms.
    @Test(arguments: [(0.02, 400), (0.2, 60), (0.2, 1_000), (0.7, 300), (0.97, 300)])
    func aboutNineteenOfTwentyIntervalsHoldTheTruth(share: Double, count: Int) {
        var random = Generator(state: UInt64(count) &+ 7)
        let sizes: [Int64] = [10_000_000, 10_000_000, 4_000_000, 1_000_000]
        var held = 0
        let trials = 1_000
        for _ in 0..<trials {
            var inside = [Int64: UInt64](), outside = [Int64: UInt64]()
            for _ in 0..<count {
                let size = sizes[Int(random.next() % 4)]
                if Double.random(in: 0..<1, using: &random) < share {
                    inside[size, default: 0] += 1
                } else {
                    outside[size, default: 0] += 1
                }
            }
            let weightsInside = inside.map { weight($0.key * Int64($0.value), $0.value) }
            let statistics = ShareStatistics(
                weightsInside + outside.map { weight($0.key * Int64($0.value), $0.value) })
            let interval = statistics.interval(
                ns: weightsInside.reduce(0) { $0 + $1.weightNs }, samples: inside.values.reduce(0, +),
                variance: weightsInside.reduce(0) { $0 + $1.variance })
            if interval.low <= 100 * share && 100 * share <= interval.high { held += 1 }
        }
        let coverage = Double(held) / Double(trials)
        #expect((0.93...0.975).contains(coverage), "\(share) of \(count): \(coverage)")
    }

    /// Kernel time is what the clock has beyond user samples: its sum is known, a few ticks divide it. They must not make
    /// user functions uncertain.
    @Test func fewHeavyTicksMatterOnlyToWhatTheyDivide() {
        var random = Generator(state: 99)
        var held = (user: 0, kernel: 0), width = 0.0
        for _ in 0..<500 {
            let count = UInt64((0..<600).count { _ in random.next() % 10 < 3 })  // of 60 % user time 3 in 10
            let ticks = UInt64((0..<20).count { _ in random.next() % 2 == 0 })  // of 40 % kernel time half
            let user = weight(Int64(count), count), kernel = weight(Int64(ticks) * 20, ticks, .kernel)
            let statistics = ShareStatistics([
                user, weight(600 - user.weightNs, 600 - count), kernel,
                weight(400 - kernel.weightNs, 20 - ticks, .kernel),
            ])
            let ofUser = statistics.interval(ns: user.weightNs, samples: count, variance: user.variance)
            let ofKernel = statistics.interval(ns: kernel.weightNs, samples: ticks, variance: kernel.variance)
            if ofUser.low <= 18 && 18 <= ofUser.high { held.user += 1 }
            if ofKernel.low <= 20 && 20 <= ofKernel.high { held.kernel += 1 }
            width += (ofUser.high - ofUser.low) / 500
        }
        // Not less than 95 %; more, because the sums of the two kinds are known.
        #expect(held.user >= 475 && held.kernel >= 475, "\(held)")
        #expect(width < 5, "\(width)")
    }

    @Test func equalFunctionsAreMostlyTies() {
        var random = Generator(state: 3)
        var ties = 0
        for _ in 0..<1_000 {
            let first = (0..<500).reduce(0) { sum, _ in sum + Int64(random.next() & 1) }
            let (one, other) = (weight(first, UInt64(first)), weight(500 - first, UInt64(500 - first)))
            if ShareStatistics.isTie(one.weightNs, other.weightNs, variance: one.variance + other.variance) {
                ties += 1
            }
        }
        #expect((0.93...0.97).contains(Double(ties) / 1_000), "\(ties)")
        #expect(!ShareStatistics.isTie(600, 400, variance: 1_000))
        #expect(!ShareStatistics.isTie(5, 4, variance: 0))  // clocks
    }

    // MARK: Rows

    private func ties(_ profile: Profile, _ order: HotspotAnalysis.Order) -> [String] {
        ProfileReport(profile).hotspots(by: order).filter(\.isTie).map(\.function.name)
    }

    @Test func neighboursInSelfTime() {
        var builder = ProfileBuilder()
        for (name, samples) in [("a", 400), ("b", 390), ("c", 200), ("d", 10)] as [(String, UInt64)] {
            builder.add("main/" + name, Int64(samples), samples: samples)
        }
        #expect(ties(builder.profile(), .selfTime) == ["b"])
    }

    /// A caller has all samples of its callee: the two differ if there are enough of its own, however few those are of all.
    @Test func neighboursInTotalTimeOverlap() {
        var builder = ProfileBuilder()
        builder.add("main/run/work", 1_000, samples: 1_000)
        builder.add("main/run", 2, samples: 2)
        builder.add("main", 30, samples: 30)
        let profile = builder.profile()
        #expect(ProfileReport(profile).hotspots(by: .totalTime).map(\.function.name) == ["main", "run", "work"])
        #expect(ties(profile, .totalTime) == ["work"])
    }

    @Test func tiesInTotalTimeSeeRecursion() {
        var builder = ProfileBuilder()
        builder.add("main/a/b/a/b/a", 100, samples: 100)
        builder.add("main/a/a", 50, samples: 50)
        builder.add("main/b", 40, samples: 40)
        // a 150, b 140; 50 samples in a alone, 40 in b alone.
        #expect(ties(builder.profile(), .totalTime) == ["b"])
    }
}
