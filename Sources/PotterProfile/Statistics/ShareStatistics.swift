// SPDX-License-Identifier: Apache-2.0
// How far a share that samples say may be from the true one, at 95 % confidence. Docs/Reporting.md has the reasons.
//
//   sampled time     a share of it is a proportion of weighted samples: Wilson's interval (1927), with an effective sample
//                    size in place of a number of samples. Recommended for weighted samples by Franco, Little, Louis and
//                    Slud, J. Survey Stat. Methodol. 7 (2019).
//   clocks           [startup], [arming], [exit] are differences of clocks: they have no interval.
//   what is left     [unattributed], [other kernel] are a clock minus all samples: as uncertain as their sum.

/// An interval that holds the true share at 95 % confidence, percent.
public struct ShareInterval: Sendable, Equatable {
    public var low: Double
    public var high: Double

    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// How far the farther end is from `percent`; 0 for what is exact.
    public func margin(around percent: Double) -> Double {
        max(high - percent, percent - low)
    }
}

/// What all shares of a profile have in common.
public struct ShareStatistics: Sendable {
    /// Normal deviate of 95 %, two-sided.
    static let deviate = 1.959964

    /// What 100 % is, ns.
    public let totalNs: Int64
    /// The part of it that samples say, ns.
    let sampledNs: Int64

    /// `sampledNs`: of all weights that have samples.
    public init(totalNs: Int64, sampledNs: Int64) {
        self.totalNs = totalNs
        self.sampledNs = sampledNs
    }

    public init(_ weights: [Weight]) {
        self.init(
            totalNs: weights.reduce(0) { $0 &+ $1.weightNs },
            sampledNs: weights.reduce(0) { $1.samples > 0 ? $0 &+ $1.weightNs : $0 })
    }

    /// Shares of a function's total time.
    public init(ofTotal hotspot: Hotspot) {
        self.init(totalNs: hotspot.totalNs, sampledNs: hotspot.totalNs)
    }

    /// Of `totalNs`, percent; 0 of nothing.
    public func percent(_ ns: Int64) -> Double {
        totalNs == 0 ? 0 : 100 * Double(ns) / Double(totalNs)
    }

    /// The interval of a share. Without samples it is what clocks say, exact, or what they leave.
    public func interval(ns: Int64, samples: UInt64, variance: Double) -> ShareInterval {
        guard samples > 0, variance > 0, sampledNs > 0, totalNs > 0 else {
            let margin = totalNs > 0 ? 100 * Self.deviate * variance.squareRoot() / Double(totalNs) : 0
            return ShareInterval(low: percent(ns) - margin, high: percent(ns) + margin)
        }
        let scale = percent(sampledNs)
        let share = Double(ns) / Double(sampledNs)
        // As many samples as the sampled time would have if all stood for as much as those of the share do. How much
        // others stand for does not matter: what 100 % is the clocks say.
        let size = Double(sampledNs) * Double(ns) / variance
        let (low, high) = Self.wilson(share: min(max(share, 0), 1), size: max(size, 1e-9))
        return ShareInterval(low: min(low, share) * scale, high: max(high, share) * scale)
    }

    public func selfInterval(of hotspot: Hotspot) -> ShareInterval {
        interval(ns: hotspot.selfNs, samples: hotspot.selfSamples, variance: hotspot.selfVariance)
    }

    public func totalInterval(of hotspot: Hotspot) -> ShareInterval {
        interval(ns: hotspot.totalNs, samples: hotspot.totalSamples, variance: hotspot.totalVariance)
    }

    /// Whether two times are the same as far as samples can tell. `variance`, ns²: of the samples in only one of the two.
    public static func isTie(_ ns: Int64, _ otherNs: Int64, variance: Double) -> Bool {
        variance > 0 && abs(Double(ns) - Double(otherNs)) < deviate * variance.squareRoot()
    }

    /// Of a share, 0 to 1, of so many equal samples.
    private static func wilson(share: Double, size: Double) -> (low: Double, high: Double) {
        let square = deviate * deviate
        let middle = (share + square / (2 * size)) / (1 + square / size)
        let half =
            deviate / (1 + square / size)
            * (share * (1 - share) / size + square / (4 * size * size)).squareRoot()
        return (max(0, middle - half), min(1, middle + half))
    }
}
