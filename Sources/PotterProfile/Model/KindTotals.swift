// SPDX-License-Identifier: Apache-2.0

/// Weights and samples added up by kind. (Sums wrap: a damaged recording may say anything, and must not end the reader.)
public struct KindTotals: Sendable, Equatable {
    private var weights: [WeightKind: Int64] = [:]
    /// Samples that became user time, and ticks in system calls.
    public private(set) var samples: UInt64 = 0

    public init() {}

    public subscript(kind: WeightKind) -> Int64 {
        weights[kind] ?? 0
    }

    /// CPU time, all kinds.
    public var totalNs: Int64 {
        weights.values.reduce(0, &+)
    }

    public mutating func add(_ kind: WeightKind, samples: UInt64, weightNs: Int64) {
        weights[kind, default: 0] &+= weightNs
        self.samples &+= samples
    }

    public mutating func add(_ other: KindTotals) {
        weights.merge(other.weights) { $0 &+ $1 }
        samples &+= other.samples
    }
}
