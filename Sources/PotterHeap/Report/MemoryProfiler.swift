// SPDX-License-Identifier: Apache-2.0

/// Looks at the heap of a process as often as it is asked to: what holds memory, and what leaks.
///
/// It is told how to freeze the process, since there are several ways to (a fork that the recorder makes, ptrace):
///
/// ```swift
/// let profiler = MemoryProfiler { try freeze(pid) }
/// for leak in try profiler.detectMemoryLeaks() where leak.confidence == .proven { print(leak) }
/// ```
public final class MemoryProfiler {
    /// An allocation of a pool or an allocator that the recorder does not see: it is a live block from now on.
    private var tracked: [UInt64: LiveBlock] = [:]
    private let freeze: () throws -> HeapImage

    /// - Parameter freeze: stops the process or copies it, and says what it looked like.
    public init(freezing freeze: @escaping () throws -> HeapImage) {
        self.freeze = freeze
    }

    /// What the heap holds now.
    /// - Throws: `HeapError`, or what freezing throws.
    public func takeMemorySnapshot() throws -> MemorySnapshot {
        var image = try freeze()
        if !tracked.isEmpty {
            // The pool took its memory from the allocator below it: a block there, which now is many.
            let (blocks, rest) = image.blocks.divided(by: Array(tracked.values))
            image.blocks = blocks
            image.otherRoots += rest
        }
        return try MemorySnapshot(of: image)
    }

    /// Memory that the program cannot reach any more, most bytes first.
    public func detectMemoryLeaks() throws -> [MemoryLeak] { try takeMemorySnapshot().leaks }

    /// Tells of a block that a pool or a custom allocator of the looked-at process hands out.
    /// - Parameters:
    ///   - address: of its first byte.
    ///   - size: usable bytes, below 2^40.
    ///   - stack: where it was allocated, an id of the recording's stack table.
    public func trackAllocation(of address: UInt64, size: UInt64, stack: UInt32 = 0) {
        tracked[address] = LiveBlock(address: address, size: size, stack: stack)
    }

    /// Tells that the block at `address` was given back.
    public func trackDeallocation(of address: UInt64) { tracked[address] = nil }
}
