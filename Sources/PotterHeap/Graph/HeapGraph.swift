// SPDX-License-Identifier: Apache-2.0
// The heap as a graph: one pass over all live blocks, in the order of their addresses and in large reads, so that memory
// speed is the limit. Each block gets its type and its references; the rest of the analysis works on these.

final class HeapGraph {
    let image: HeapImage
    let memory: CachedMemory
    let runtime: SwiftRuntime
    let index: BlockIndex
    let types: TypeTable
    let edges: EdgeStore
    /// Type number of each block.
    private(set) var typeNumbers: [TypeTable.Number]
    /// Blocks that are side tables: what they hold is not kept by them.
    private(set) var sideTables: BlockSet
    /// Blocks that libdispatch keeps for later, with stale contents.
    private let cachedContinuations: BlockSet
    /// Bytes of blocks that were read, and that could not be.
    private(set) var readBytes: UInt64 = 0
    private(set) var unreadBytes: UInt64 = 0

    private static let windowBytes = 4 << 20
    /// Free memory between two blocks that is read along rather than asking twice.
    private static let smallGap: UInt64 = 16 << 10

    init(_ image: HeapImage) throws {
        self.image = image
        memory = CachedMemory(image.memory)
        runtime = SwiftRuntime(image: image, memory: memory)
        index = BlockIndex(image.blocks)
        types = TypeTable(image: image, memory: memory, runtime: runtime, index: index)
        edges = EdgeStore(blockCount: image.blocks.count)
        typeNumbers = Array(repeating: TypeTable.none, count: image.blocks.count)
        sideTables = BlockSet(capacity: image.blocks.count)
        cachedContinuations = DispatchCaches.continuations(image, memory, index)
        try scan()
        if image.blocks.count > 0 && readBytes == 0 {
            throw HeapError.unreadableHeap(bytes: image.blocks.totalSize)
        }
    }

    var scanner: WordScanner { WordScanner(index: index, runtime: runtime) }

    func type(of block: Int) -> ObjectType? {
        typeNumbers[block] == TypeTable.none ? nil : types[typeNumbers[block]]
    }

    /// Whether the program can get along the edge of a block.
    @inline(__always)
    func isFollowed(_ edge: Edge, of block: Int) -> Bool {
        if sideTables.contains(block) { return false }
        switch edge.kind {
        case .direct, .interior:
            return !cachedContinuations.contains(block) || edge.slot == DispatchCaches.nextSlot
        case .sideTable: return true
        case .unowned: return isGone(Int(edge.target))
        // Memory of another kind is no object that could have replaced one: then this is no side table.
        case .formerObject: return typeNumbers[Int(edge.target)] == TypeTable.none
        }
    }

    /// Whether an object's deinit has begun: no strong reference is left, and unowned ones keep its memory.
    private func isGone(_ block: Int) -> Bool {
        let state = ReferenceState(object: image.blocks.address(block), memory: memory)
        guard case .counted(let counts) = state else { return true }
        return counts.isDeiniting
    }

    private func scan() throws {
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.windowBytes, alignment: 16)
        defer { window.deallocate() }
        let blocks = image.blocks
        var number = 0
        while number < blocks.count {
            if blocks.size(number) > UInt64(Self.windowBytes - 8) {
                try scanLarge(number, window)
                number += 1
                continue
            }
            let start = blocks.address(number) & ~7
            var next = number + 1
            while next < blocks.count, blocks.end(next) - start <= UInt64(Self.windowBytes),
                blocks.address(next) - blocks.end(next - 1) <= Self.smallGap
            { next += 1 }
            let wanted = Int(blocks.end(next - 1) - start)
            let got = image.memory.read(from: start, into: UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]))
            let readEnd = start + UInt64(max(0, min(got, wanted)))
            // What the read did not reach is asked for again, from its own first byte.
            repeat {
                try scanSmall(number, window, start: start, readEnd: readEnd)
                number += 1
            } while number < next && blocks.end(number) <= readEnd
        }
    }

    /// A block that is in the window, at least in part.
    private func scanSmall(
        _ number: Int, _ window: UnsafeMutableRawBufferPointer, start: UInt64, readEnd: UInt64
    ) throws {
        let blocks = image.blocks
        let end = min(blocks.end(number), max(readEnd, blocks.address(number)))
        account(read: end - blocks.address(number), of: blocks.size(number))
        let first = (blocks.address(number) + 7) & ~7
        if first + 8 <= end {
            let offset = Int(first - start)
            let words = UnsafeBufferPointer(
                start: UnsafeRawPointer(window.baseAddress! + offset).assumingMemoryBound(to: UInt64.self),
                count: Int(end - first) / 8)
            scan(words, of: number, slot: Int(first - blocks.address(number)) / 8)
        }
        try edges.finishBlock()
    }

    /// A block that is larger than the window, piece by piece.
    private func scanLarge(_ number: Int, _ window: UnsafeMutableRawBufferPointer) throws {
        let blocks = image.blocks
        let first = (blocks.address(number) + 7) & ~7
        var here = first
        var read: UInt64 = 0
        while here + 8 <= blocks.end(number) {
            let wanted = Int(min(UInt64(Self.windowBytes), (blocks.end(number) - here) & ~7))
            let got = image.memory.read(from: here, into: UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]))
            let words = UnsafeBufferPointer(
                start: UnsafeRawPointer(window.baseAddress!).assumingMemoryBound(to: UInt64.self),
                count: max(0, min(got, wanted)) / 8)
            scan(words, of: number, slot: Int(here - blocks.address(number)) / 8)
            read += UInt64(words.count * 8)
            // A hole, as after mprotect, is stepped over page by page.
            here = words.count * 8 == wanted ? here + UInt64(wanted) : (here + UInt64(words.count * 8) + 4096) & ~4095
        }
        account(read: read, of: blocks.size(number))
        try edges.finishBlock()
    }

    private func account(read: UInt64, of size: UInt64) {
        readBytes += read
        unreadBytes += size - min(size, (read + 7) & ~7)
    }

    /// `words` of a block from `slot` on, its header if that is 0.
    private func scan(_ words: UnsafeBufferPointer<UInt64>, of block: Int, slot: Int) {
        var used = words.count
        let firstEdge = edges.count
        if slot == 0 && words.count >= 2 { used = scanHeader(words, of: block) }
        let isObject = typeNumbers[block] != TypeTable.none && types[typeNumbers[block]].kind.isCounted
        let scanner = scanner
        scanner.scan(UnsafeBufferPointer(rebasing: words[..<used])) { position, word, target in
            if isObject && slot + position == 1 { return }  // reference counts, not an address
            let isDirect = scanner.isDirect(word, to: target)
            if target == block && !isDirect { return }  // a short string's pointer to its own characters, a list's head
            edges.append(
                Edge(target: UInt32(target), slot: slot + position, kind: isDirect ? .direct : .interior))
        }
        if isObject { markUnowned(from: firstEdge, of: types[typeNumbers[block]]) }
        if slot == 0 && !isObject && isFormerSideTable(words) {
            edges.changeKinds(from: firstEdge, to: .formerObject) { $0.slot == 0 && $0.kind == .direct }
        }
    }

    /// A side table stays as long as there are weak references. When its object is gone its counts are these, the third
    /// word; the number of weak references, in the low half of the fourth, is 1 at least [measured, Swift 6.3].
    private func isFormerSideTable(_ words: UnsafeBufferPointer<UInt64>) -> Bool {
        (4...5).contains(words.count) && words[2] == 0x1_0000_0001 && words[3] & 0xffff_ffff != 0
            && runtime.spareBits != 0
    }

    /// - Returns: how many of the words are in use.
    private func scanHeader(_ words: UnsafeBufferPointer<UInt64>, of block: Int) -> Int {
        if runtime.spareBits == 0 { return words.count }  // a process without Swift
        let size = image.blocks.size(block)
        let number = types.type(header: words[0], counts: words[1], size: size)
        guard number != TypeTable.none else { return words.count }
        typeNumbers[block] = number
        if types[number].kind == .taskSlab { return usedWords(ofSlab: words) }
        let counts = RefCount(bits: words[1])
        if counts.hasSideTable {
            let table = index.block(holding: counts.sideTable)
            if table >= 0 && index.address(of: table) == counts.sideTable {
                sideTables.insert(table)
                edges.append(Edge(target: UInt32(table), slot: 1, kind: .sideTable))
            }
        }
        return words.count
    }

    /// A slab holds stale words of frames that are gone behind those that are there (StackAllocator.h: marker, next slab,
    /// 32-bit capacity and offset of the first free byte, both without the header of 32 bytes).
    private func usedWords(ofSlab words: UnsafeBufferPointer<UInt64>) -> Int {
        guard words.count >= 4 else { return words.count }
        let capacity = Int(words[2] & 0xffff_ffff)
        let used = Int(words[2] >> 32)
        guard used <= capacity, (32 + capacity + 7) / 8 <= words.count else { return words.count }
        return (32 + used + 7) / 8
    }

    private func markUnowned(from firstEdge: Int, of type: ObjectType) {
        if type.unownedOffsets.isEmpty { return }
        edges.changeKinds(from: firstEdge, to: .unowned) {
            $0.kind != .sideTable && type.unownedOffsets.contains($0.offset)
        }
    }
}
