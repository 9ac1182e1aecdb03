// SPDX-License-Identifier: Apache-2.0

/// Blocks of memory: how many, and the bytes that were asked for.
public struct HeapAmount: Sendable, Equatable {
    public var blocks: UInt64
    public var bytes: UInt64

    public init(blocks: UInt64 = 0, bytes: UInt64 = 0) {
        self.blocks = blocks
        self.bytes = bytes
    }

    public static func += (sum: inout HeapAmount, other: HeapAmount) {
        sum.blocks &+= other.blocks
        sum.bytes &+= other.bytes
    }

    /// Never below 0: of an estimate, more may seem to be freed than was allocated.
    public static func - (all: HeapAmount, part: HeapAmount) -> HeapAmount {
        HeapAmount(
            blocks: all.blocks > part.blocks ? all.blocks - part.blocks : 0,
            bytes: all.bytes > part.bytes ? all.bytes - part.bytes : 0)
    }
}

/// What kind of memory a site allocates. The raw values are those of a recording.
public enum HeapKind: UInt8, Sendable, CaseIterable {
    /// malloc and its family, `operator new` and Swift's allocations among it.
    case block = 0
    /// mmap, anonymous and private.
    case privateMapping = 1
    /// mmap of files, or shared.
    case mappedFile = 2
}

/// Since the process began. Counters only grow. In sampled mode they are estimates.
public struct HeapCounts: Sendable, Equatable {
    public var allocations = HeapAmount()
    public var frees = HeapAmount()
    /// Of blocks that a forked child has from its parent.
    public var inheritedFrees = HeapAmount()
    /// Of the frees: the block was the last one that the same thread had allocated.
    public var temporaryBlocks: UInt64 = 0
    /// In sampled mode: how many samples the estimates are made of.
    public var samples: UInt64 = 0
    public var freedSamples: UInt64 = 0
    /// Variances of the estimates of bytes, bytes²; 0 in exact mode.
    public var bytesVariance = 0.0
    public var freedBytesVariance = 0.0

    public init() {}

    public var live: HeapAmount { allocations - frees }
    /// Of an estimate of live bytes: a block that is freed takes its part of the variance along.
    public var liveBytesVariance: Double { max(0, bytesVariance - freedBytesVariance) }

    public static func += (sum: inout HeapCounts, other: HeapCounts) {
        sum.allocations += other.allocations
        sum.frees += other.frees
        sum.inheritedFrees += other.inheritedFrees
        sum.temporaryBlocks &+= other.temporaryBlocks
        sum.samples &+= other.samples
        sum.freedSamples &+= other.freedSamples
        sum.bytesVariance += other.bytesVariance
        sum.freedBytesVariance += other.freedBytesVariance
    }
}
