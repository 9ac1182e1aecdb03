// SPDX-License-Identifier: Apache-2.0
// Where the program begins to look for its memory. Not among them: heaps of the allocator and stacks of threads that are
// gone, which are full of addresses that mean nothing any more, and the profiler's own memory.

/// A range of memory whose words may be addresses that the program uses.
struct Root: Equatable {
    enum Kind: Equatable { case stack, threadLocal, segment, mapping }

    var kind: Kind
    var range: Range<UInt64>
    /// It holds the C library's own variables, among them its lists of free chunks.
    var ignoresChunkHeaders = false
}

struct Roots {
    private(set) var ranges: [Root] = []
    /// Values of registers, and what the kernel keeps.
    private(set) var words: [UInt64] = []

    init(image: HeapImage, memory: CachedMemory, index: BlockIndex) {
        words = image.threads.flatMap(\.registers) + image.kernelWords
        let stacks = ThreadStacks(image: image, memory: memory, index: index)
        let heaps = AllocatorHeaps(image: image, memory: memory)
        for map in image.maps where map.isReadable && map.isWritable {
            add(map, image, stacks, heaps)
        }
        ranges += stacks.inBlocks.map { Root(kind: .stack, range: $0) }
        ranges += image.threadLocalRanges.map { Root(kind: .threadLocal, range: $0) }
        ranges += image.otherRoots.map { Root(kind: .mapping, range: $0) }
        ranges = ranges.flatMap { Self.without(image.profilerRanges, $0) }.flatMap { root in
            image.memory.populatedRanges(in: root.range).map {
                Root(kind: root.kind, range: $0, ignoresChunkHeaders: root.ignoresChunkHeaders)
            }
        }
    }

    /// The kernel's list may show a module's variables and what lies behind them as one mapping.
    private mutating func add(_ map: HeapMap, _ image: HeapImage, _ stacks: ThreadStacks, _ heaps: AllocatorHeaps) {
        guard let module = image.modules.first(where: { $0.range.overlaps(map.range) }) else {
            addOutsideModules(map, stacks, heaps)
            return
        }
        let inside = map.range.clamped(to: module.range)
        let isLibc = (module.path.split(separator: "/").last ?? "").hasPrefix("libc.so")
        ranges.append(Root(kind: .segment, range: inside, ignoresChunkHeaders: isLibc))
        for rest in [map.range.lowerBound..<inside.lowerBound, inside.upperBound..<map.range.upperBound]
        where !rest.isEmpty {
            var part = map
            part.range = rest
            add(part, image, stacks, heaps)
        }
    }

    private mutating func addOutsideModules(_ map: HeapMap, _ stacks: ThreadStacks, _ heaps: AllocatorHeaps) {
        if map.name == "[stack]" {
            ranges.append(Root(kind: .stack, range: stacks.firstStack(map)))
        } else if map.isAnonymous {
            let (inUse, rest) = stacks.split(map)
            ranges += inUse.map { Root(kind: .stack, range: $0) }
            ranges += rest.flatMap(heaps.outside).map { Root(kind: .mapping, range: $0) }
        } else if map.name != "[heap]" {
            ranges.append(Root(kind: .mapping, range: map.range))
        }
    }

    /// The parts of a root that lie in none of the ranges.
    static func without(_ excluded: [Range<UInt64>], _ root: Root) -> [Root] {
        var parts = [root.range]
        for hole in excluded {
            parts = parts.flatMap { part -> [Range<UInt64>] in
                guard part.overlaps(hole) else { return [part] }
                let clamped = hole.clamped(to: part)
                return [part.lowerBound..<clamped.lowerBound, clamped.upperBound..<part.upperBound].filter {
                    !$0.isEmpty
                }
            }
        }
        return parts.map { Root(kind: root.kind, range: $0, ignoresChunkHeaders: root.ignoresChunkHeaders) }
    }
}
