// SPDX-License-Identifier: Apache-2.0
// The graph's algorithms beside slow and obvious ones, on random graphs.

import Testing

@testable import PotterHeap

@Suite struct GraphModelTests {
    @Test(arguments: 1...10)
    func indexFindsTheBlockOfEveryAddress(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var blocks: [LiveBlock] = []
        var address: UInt64 = 0x10_0000
        for _ in 0..<2000 {
            // Sizes and gaps of all magnitudes: across granules of 1 KiB and chunks of 1 GiB.
            address += UInt64.random(in: 0...(1 << UInt64.random(in: 0...30, using: &random)), using: &random)
            let size = UInt64.random(in: 0...(1 << UInt64.random(in: 0...31, using: &random)), using: &random)
            blocks.append(LiveBlock(address: address, size: size))
            address += max(1, size)
        }
        let live = LiveBlocks(blocks.shuffled(using: &random))
        #expect(live.count == 2000 && live.rejected == 0)
        let index = BlockIndex(live)
        for (number, block) in blocks.enumerated() {
            let end = block.address + max(1, block.size)
            for inside in [block.address, (block.address + end) / 2, end - 1] {
                #expect(index.block(holding: inside) == number)
            }
            let isNextAdjacent = number + 1 < blocks.count && blocks[number + 1].address == end
            #expect(index.block(holding: end) == (isNextAdjacent ? number + 1 : -1))
        }
        for outside in [0, 1, blocks[0].address - 1, .max, .max - 7, 1 << 47, 1 << 63] as [UInt64] {
            #expect(index.block(holding: outside) == -1)
        }
    }

    @Test func impossibleBlocksAreRejectedAndCounted() {
        let blocks = LiveBlocks([
            LiveBlock(address: 4096, size: 64), LiveBlock(address: 4096, size: 32), LiveBlock(address: 4128, size: 8),
            LiveBlock(address: 0, size: 8), LiveBlock(address: 1 << 47, size: 8),
            LiveBlock(address: 8192, size: 1 << 40),
            LiveBlock(address: 8256, size: 8, stack: 1 << 24), LiveBlock(address: .max, size: .max),
        ])
        #expect(blocks.count == 1)
        #expect(blocks.rejected == 7)
    }

    @Test(arguments: 1...30)
    func reachabilityAndCyclesAreThoseOfTheModel(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let count = Int.random(in: 2...120, using: &random)
        let density = Int.random(in: 1...4, using: &random)
        let references = (0..<count).map { _ in
            (0..<Int.random(in: 0...density, using: &random)).map { _ in Int.random(in: 0..<count, using: &random) }
        }
        let roots = (0..<count / 10).map { _ in Int.random(in: 0..<count, using: &random) }
        let reach = (0..<count).map { closure(of: references[$0], references) }
        let live = closure(of: roots, references)
        let heap = FakeHeap(references: references, roots: roots)
        let snapshot = try MemorySnapshot(of: heap.image())
        for block in 0..<count {
            let verdict = snapshot.verdict(ofBlockAt: heap.blocks[block].address)
            if live.contains(block) {
                #expect(verdict == nil)
                continue
            }
            let isOwned = (0..<count).contains { !live.contains($0) && $0 != block && references[$0].contains(block) }
            let expected: LeakKind = reach[block].contains(block) ? .leakedCycle : isOwned ? .ownedByLeak : .leakedRoot
            #expect(verdict?.kind == expected, "block \(block), seed \(seed)")
        }
        #expect(snapshot.unreachableBlocks == count - live.count)
        let reported = snapshot.leaks.reduce(0) { $0 + $1.blocks }
        #expect(reported == snapshot.unreachableBlocks, "every leaked block is in one leak")
    }

    private func closure(of start: [Int], _ references: [[Int]]) -> Set<Int> {
        var found = Set(start)
        var pending = start
        while let block = pending.popLast() {
            for target in references[block] where found.insert(target).inserted { pending.append(target) }
        }
        return found
    }

    @Test func aLongListIsOneCycleWithoutRecursion() throws {
        let count = 200_000
        let heap = FakeHeap(
            references: (0..<count).map { [($0 + 1) % count, ($0 + count - 1) % count] }, roots: [], slots: 2)
        let snapshot = try MemorySnapshot(of: heap.image())
        let leak = try #require(snapshot.leaks.first)
        #expect(snapshot.leaks.count == 1)
        #expect(leak.kind == .leakedCycle)
        #expect(leak.blocks == count)
        #expect(leak.path.count == 2)
    }

    @Test func unreadableHeapIsAnError() {
        let image = HeapImage(
            blocks: LiveBlocks([LiveBlock(address: 4096, size: 64)]), memory: FakeMemory(), maps: [], threads: [],
            modules: [], symbolName: { _ in nil }, symbolAddress: { _ in nil })
        #expect(throws: HeapError.unreadableHeap(bytes: 64)) { try MemorySnapshot(of: image) }
    }

    /// A pool's blocks leak one by one, though the pool's memory is in use.
    @Test func blocksOfAPoolAreJudgedOneByOne() throws {
        let heap = FakeHeap(references: [[], []], roots: [0], slots: 64)
        let pool = heap.blocks[0].address
        heap.memory.replace([pool + 128, 0, 0], at: pool)
        let image = heap.image()
        let profiler = MemoryProfiler { image }
        profiler.trackAllocation(of: pool + 128, size: 64)
        profiler.trackAllocation(of: pool + 256, size: 64)
        profiler.trackAllocation(of: pool + 320, size: 64)
        profiler.trackDeallocation(of: pool + 320)
        let snapshot = try profiler.takeMemorySnapshot()
        #expect(snapshot.verdict(ofBlockAt: pool + 128) == nil)
        #expect(snapshot.verdict(ofBlockAt: pool + 256)?.kind == .leakedRoot)
        #expect(snapshot.verdict(ofBlockAt: heap.blocks[1].address)?.kind == .leakedRoot)
        #expect(try profiler.detectMemoryLeaks().reduce(0) { $0 + $1.count } == 2)
    }
}
