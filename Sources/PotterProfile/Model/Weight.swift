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

    public init(stack: UInt32, process: UInt32, thread: UInt32, kind: WeightKind, samples: UInt64, weightNs: Int64) {
        self.stack = stack
        self.process = process
        self.thread = thread
        self.kind = kind
        self.samples = samples
        self.weightNs = weightNs
    }
}
