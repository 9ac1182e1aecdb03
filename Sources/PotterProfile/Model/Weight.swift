// SPDX-License-Identifier: Apache-2.0

/// CPU time spent in the leaf of a stack, by one thread (0: by none that is known, see `process`).
public struct Weight: Sendable, Equatable {
    public var stack: UInt32
    public var process: UInt32
    public var thread: UInt32
    public var kind: WeightKind
    public var samples: UInt64
    /// Negative only where samples explain more than the clocks counted (`[unattributed]`).
    public var weightNs: Int64

    /// Variance of `weightNs`, ns²: how uncertain it is by sampling. 0 for what clocks say.
    public var variance: Double

    public init(stack: UInt32, process: UInt32, thread: UInt32, kind: WeightKind, samples: UInt64, weightNs: Int64) {
        self.stack = stack
        self.process = process
        self.thread = thread
        self.kind = kind
        self.samples = samples
        self.weightNs = weightNs
        // Each sample is an event of its own, that counts as the square of what it stands for.
        variance = samples == 0 ? 0 : Double(weightNs) * Double(weightNs) / Double(samples)
    }
}

extension WeightKind {
    /// Whether it is what is left of a clock when all samples are taken from it.
    var isRest: Bool { self == .unattributed || self == .otherKernel }
}

extension [Weight] {
    /// Periods between samples vary uniformly from half to one and a half of their mean, so that their number in a given
    /// time has a twelfth of the variance that independent events would have (Cox, Renewal Theory, 1962: t σ² / μ³).
    private static var regularity: Double { 12 }

    /// What is left of a thread's clock is as uncertain as the sum of its samples.
    mutating func setVariancesOfRests() {
        var sampled: [UInt32: Double] = [:]
        for weight in self where weight.samples > 0 { sampled[weight.thread, default: 0] += weight.variance }
        for index in indices where self[index].kind.isRest && self[index].thread != 0 {
            self[index].variance = (sampled[self[index].thread] ?? 0) / Self.regularity
        }
    }
}
