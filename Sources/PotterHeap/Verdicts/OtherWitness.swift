// SPDX-License-Identifier: Apache-2.0
// A C block has no reference count that would know of an owner which hides its address. So its address is looked for once
// more, in what the program can reach, in the forms that programs are known to hide addresses in: at any byte (packed
// structs), in the low 48 bits of a word (tags in the upper ones), in the upper 48 (tags in the lower ones), divided by 8
// or 16 (compressed). Who is not found is proven; encrypted and XOR-ed addresses are beyond this and beyond any scan.

struct OtherWitness {
    /// Blocks whose address was found.
    private(set) var found: Set<Int> = []
    /// Whether all that is reachable was looked through; if not, nothing is proven by it.
    let isComplete: Bool

    /// More is not looked through at every byte: a second per GiB and form.
    static let mostBytes: UInt64 = 1 << 30
    private static let windowBytes = 1 << 20
    /// The allocator's own words between two blocks.
    private static let smallGap: UInt64 = 16

    init(_ candidates: [Int], _ graph: HeapGraph, _ reachability: Reachability, _ roots: Roots) {
        let blocks = graph.image.blocks
        let ranges = roots.ranges.map(\.range) + Self.reachable(blocks, reachability)
        isComplete = ranges.reduce(UInt64(0)) { $0 + UInt64($1.count) } <= Self.mostBytes
        if !isComplete || candidates.isEmpty { return }
        let addresses = Dictionary(uniqueKeysWithValues: candidates.map { (blocks.address($0), $0) })
        search(
            ranges, addresses, low: blocks.address(candidates[0]),
            high: blocks.address(candidates[candidates.count - 1]),
            graph.image.memory)
    }

    /// Reachable blocks, neighbours as one range: each is a read.
    private static func reachable(_ blocks: LiveBlocks, _ reachability: Reachability) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        var wasReached = false
        for block in 0..<blocks.count {
            let isReached = reachability.isReached(block)
            defer { wasReached = isReached }
            guard isReached else { continue }
            if wasReached, let last = ranges.last, blocks.address(block) - last.upperBound <= smallGap {
                ranges[ranges.count - 1] = last.lowerBound..<blocks.end(block)
            } else {
                ranges.append(blocks.address(block)..<blocks.end(block))
            }
        }
        return ranges
    }

    private mutating func search(
        _ ranges: [Range<UInt64>], _ addresses: [UInt64: Int], low: UInt64, high: UInt64, _ memory: any ProcessMemory
    ) {
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.windowBytes, alignment: 16)
        defer { window.deallocate() }
        let span = high - low
        for range in ranges {
            var here = range.lowerBound
            while here + 6 <= range.upperBound {
                let wanted = Int(min(UInt64(window.count), range.upperBound - here))
                let got = memory.read(from: here, into: UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]))
                guard got >= 8 else { break }
                for offset in 0...(min(got, wanted) - 8) {
                    let word = window.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    for form in [word & 0xffff_ffff_ffff, word >> 16, word << 3, word << 4] where form &- low <= span {
                        if let block = addresses[form & ~7] { found.insert(block) }
                    }
                }
                if here + UInt64(wanted) == range.upperBound { break }
                here += UInt64(wanted) - 8
            }
        }
    }
}
