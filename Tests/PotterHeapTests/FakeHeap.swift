// SPDX-License-Identifier: Apache-2.0
// Heaps that no program has, for what no program does.

import PotterHeap

/// Segments of memory at made-up addresses.
final class FakeMemory: ProcessMemory {
    private(set) var segments: [(start: UInt64, bytes: [UInt8])] = []

    func add(_ bytes: [UInt8], at start: UInt64) { segments.append((start, bytes)) }

    func add(_ words: [UInt64], at start: UInt64) { add(words.withUnsafeBytes { Array($0) }, at: start) }

    /// Writes over the beginning of the segment at `start`.
    func replace(_ words: [UInt64], at start: UInt64) {
        guard let index = segments.firstIndex(where: { $0.start == start }) else { return }
        segments[index].bytes.replaceSubrange(0..<words.count * 8, with: words.withUnsafeBytes { Array($0) })
    }

    func read(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        for (start, bytes) in segments where address >= start && address - start < UInt64(bytes.count) {
            let first = Int(address - start)
            let count = min(buffer.count, bytes.count - first)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[first..<first + count]))
            }
            return count
        }
        return 0
    }
}

/// A heap of C blocks that refer to each other, with one mapping as root.
struct FakeHeap {
    static let start: UInt64 = 0x5555_0000_0000
    static let root: UInt64 = 0x7fff_0000_0000

    let memory = FakeMemory()
    private(set) var blocks: [LiveBlock] = []

    /// `references[i]`: blocks that block i refers to. All have the same size.
    init(references: [[Int]], roots: [Int], slots: Int = 8) {
        let size = UInt64(slots * 8)
        let addresses = references.indices.map { Self.start + UInt64($0) * (size + 16) }
        var words: [UInt64] = []
        for (block, targets) in references.enumerated() {
            for target in targets.prefix(slots) { words.append(addresses[target]) }
            words += Array(repeating: 0, count: slots + 2 - min(slots, targets.count))
            blocks.append(LiveBlock(address: addresses[block], size: size))
        }
        memory.add(words, at: Self.start)
        memory.add(roots.map { addresses[$0] } + [0], at: Self.root)
    }

    func image() -> HeapImage {
        HeapImage(
            blocks: LiveBlocks(blocks), memory: memory,
            maps: [
                HeapMap(range: Self.root..<Self.root + 4096, isReadable: true, isWritable: true, name: "/dev/shm/root")
            ],
            threads: [], modules: [], symbolName: { _ in nil }, symbolAddress: { _ in nil })
    }
}

/// SplitMix64: the same seed, the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
