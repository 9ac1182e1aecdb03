// SPDX-License-Identifier: Apache-2.0

/// What the heap of a process held at one moment, and what of it can no longer be reached.
///
/// ```swift
/// let snapshot = try MemorySnapshot(of: image)
/// for leak in snapshot.leaks { print(leak.kind.rawValue, leak) }
/// ```
public struct MemorySnapshot: Sendable {
    /// Live blocks of a type.
    public struct TypeUsage: Sendable, Equatable {
        /// Readable name with generic arguments.
        public var type: String
        public var blocks: Int
        /// Usable bytes.
        public var bytes: UInt64
    }

    /// How far the heap could be looked at.
    public struct Coverage: Sendable, Equatable {
        /// Bytes of blocks, and of roots, that were read.
        public var heapBytes: UInt64 = 0
        public var rootBytes: UInt64 = 0
        /// Bytes of both that could not be read: what only they refer to looks leaked.
        public var unreadBytes: UInt64 = 0
        /// Blocks of the recorder's table that cannot be: see `LiveBlocks.rejected`.
        public var rejectedBlocks = 0
        public var threads = 0
        /// Blocks that begin as a Swift object does, and how many of these have a type with a name.
        public var swiftObjects = 0
        public var namedSwiftObjects = 0
    }

    public let blocks: Int
    /// Usable bytes of all live blocks.
    public let bytes: UInt64
    public let unreachableBlocks: Int
    public let unreachableBytes: UInt64
    /// Swift types, those with most bytes first. Memory that is no Swift object has none.
    public let types: [TypeUsage]
    /// Leaks, those with most bytes first; identical ones are one.
    public let leaks: [MemoryLeak]
    public let coverage: Coverage
    /// Of unreachable blocks, ascending, and the number of each one's verdict.
    private let addresses: [UInt64]
    private let components: [Int32]
    private let verdicts: [LeakVerdict]

    /// Looks through a frozen process.
    /// - Throws: `HeapError`.
    /// - Complexity: O(bytes of the heap); about 70 bytes of memory for a live block and 8 for a reference.
    public init(of image: HeapImage) throws {
        let graph = try HeapGraph(image)
        let roots = Roots(image: image, memory: graph.memory, index: graph.index)
        let reachability = Reachability(graph, roots: roots)
        let unreachable = UnreachableGraph(graph, reachability)
        let witness = OtherWitness(unreachable.uncountedRoots, graph, reachability, roots)
        let verdicts = Verdicts(unreachable, reachability) { !witness.isComplete || witness.found.contains($0) }
        var groups = LeakGroups(verdicts)
        leaks = groups.leaks()
        blocks = image.blocks.count
        bytes = image.blocks.totalSize
        unreachableBlocks = unreachable.count
        unreachableBytes = unreachable.blocks.reduce(0) { $0 + image.blocks.size($1) }
        var census = TypeCensus(graph)
        types = census.types()
        var coverage = census.coverage
        coverage.rootBytes = reachability.rootBytes
        coverage.unreadBytes += reachability.unreadRootBytes
        self.coverage = coverage
        addresses = (0..<unreachable.count).map { unreachable.address($0) }
        components = verdicts.components.component
        self.verdicts = verdicts.ofComponent
    }

    /// What is said of the block that begins at an address: nil if the program can reach it, or if there is none.
    /// - Complexity: O(log n) in the number of unreachable blocks.
    public func verdict(ofBlockAt address: UInt64) -> LeakVerdict? {
        var first = 0
        var last = addresses.count
        while first < last {
            let middle = (first + last) / 2
            if addresses[middle] < address { first = middle + 1 } else { last = middle }
        }
        guard first < addresses.count, addresses[first] == address else { return nil }
        return verdicts[Int(components[first])]
    }
}
