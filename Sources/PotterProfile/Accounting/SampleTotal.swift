// SPDX-License-Identifier: Apache-2.0

/// The samples of one thread that share a stack and a kind, added up.
public struct SampleTotal: Equatable, Sendable {
    public var stack: UInt32
    public var kind: SampleKind
    public var samples: UInt64
    /// Ticks of the thread timer, overruns included.
    public var ticks: UInt64
    public var weightNs: UInt64

    public init(stack: UInt32, kind: SampleKind, samples: UInt64, ticks: UInt64, weightNs: UInt64) {
        self.stack = stack
        self.kind = kind
        self.samples = samples
        self.ticks = ticks
        self.weightNs = weightNs
    }
}
