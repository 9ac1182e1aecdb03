// SPDX-License-Identifier: Apache-2.0
// Which parts of anonymous mappings belong to the allocator? Neighbouring mappings become one in the kernel's list, so that
// a mapping of the program may stand in one line with the allocator's. glibc's heaps can be told apart:
//
//   arena   begins at a multiple of 64 MiB with heap_info, whose first word is the address of the arena's state, within
//           the first bytes of this or of another such heap
//   mmapped block: the word before it has bit 1 set, the chunk begins 16 bytes before it on a page of its own
//
// A mapping with blocks of any other shape is another allocator's, as a whole.

struct AllocatorHeaps {
    private static let arenaSize: UInt64 = 64 << 20
    private static let pageMask: UInt64 = 4095
    /// The arena's state begins behind heap_info: 32 bytes, 48 from glibc 2.35 on.
    private static let largestArenaOffset: UInt64 = 256

    private let blocks: LiveBlocks
    private let memory: CachedMemory

    init(image: HeapImage, memory: CachedMemory) {
        blocks = image.blocks
        self.memory = memory
    }

    /// The parts of an anonymous range that are not the allocator's.
    func outside(_ range: Range<UInt64>) -> [Range<UInt64>] {
        var parts: [Range<UInt64>] = []
        var start = range.lowerBound
        var block = firstBlock(notBelow: start)
        while block < blocks.count, blocks.address(block) < range.upperBound {
            guard let heap = heap(of: block, in: range) else { return parts }
            if heap.lowerBound > start { parts.append(start..<heap.lowerBound) }
            start = max(start, heap.upperBound)
            block = max(block + 1, firstBlock(notBelow: start))
        }
        if start < range.upperBound { parts.append(start..<range.upperBound) }
        return parts
    }

    private func heap(of block: Int, in range: Range<UInt64>) -> Range<UInt64>? {
        let address = blocks.address(block)
        guard let header = memory.word(at: address &- 8) else { return nil }
        if header & 2 != 0 && (address & Self.pageMask) == 16 {
            let start = address - 16
            let end = max(blocks.end(block), start &+ header & ~7)
            guard end < LiveBlocks.addressLimit + LiveBlocks.sizeLimit else { return nil }
            return start..<(end + Self.pageMask) & ~Self.pageMask
        }
        let base = address & ~(Self.arenaSize - 1)
        guard range.contains(base), let state = memory.word(at: base), state != 0,
            state & (Self.arenaSize - 1) < Self.largestArenaOffset
        else { return alignedBlock(block, header) }
        return base..<min(base + Self.arenaSize, range.upperBound)
    }

    /// An mmapped block of a large alignment: its chunk begins somewhere on the pages before it, which its own header says.
    private func alignedBlock(_ block: Int, _ header: UInt64) -> Range<UInt64>? {
        let address = blocks.address(block)
        guard header & 2 != 0, let before = memory.word(at: address &- 16), before < address - 16 else { return nil }
        let start = address - 16 - before
        guard start & Self.pageMask == 0 else { return nil }
        let end = max(blocks.end(block), address - 16 &+ header & ~7)
        guard end < LiveBlocks.addressLimit + LiveBlocks.sizeLimit else { return nil }
        return start..<(end + Self.pageMask) & ~Self.pageMask
    }

    private func firstBlock(notBelow address: UInt64) -> Int {
        var first = 0
        var last = blocks.count
        while first < last {
            let middle = (first + last) / 2
            if blocks.address(middle) < address { first = middle + 1 } else { last = middle }
        }
        return first
    }
}
