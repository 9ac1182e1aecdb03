// SPDX-License-Identifier: Apache-2.0
// The looked-at process may hold anything: an analysis of garbage ends, with whatever result.

import Testing

@testable import PotterHeap

@Suite struct HostileImageTests {
    /// Words that look like addresses, counts and kinds, in a random order, as heap, module and stack at once.
    @Test(arguments: 1...60)
    func garbageIsSurvived(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let memory = FakeMemory()
        let heap: UInt64 = 0x5555_0000_0000
        let module: UInt64 = 0x7fff_0000_0000
        let kinds: [UInt64] = [
            0, 0x200, 0x201, 0x202, 0x301, 0x302, 0x303, 0x400, 0x500, 0x501, 0x502, .max, 3, 0xc000_0000_0000_0000,
        ]
        func word() -> UInt64 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: kinds.randomElement(using: &random)!
            case 1: heap + UInt64.random(in: 0..<65536, using: &random)
            case 2, 3: module + UInt64.random(in: 0..<8192, using: &random) * 8
            case 4: UInt64.random(in: 0..<64, using: &random)
            case 5: UInt64(UInt32.random(in: 0..<48, using: &random)) << 32 | UInt64.random(in: 0..<48, using: &random)
            case 6: heap + UInt64.random(in: 0..<65536, using: &random) | 0x80 << 56
            default: UInt64.random(in: 0 ... .max, using: &random)
            }
        }
        memory.add((0..<8192).map { _ in word() }, at: heap)
        memory.add((0..<8192).map { _ in word() }, at: module)
        let blocks = (0..<500).map { _ in
            LiveBlock(
                address: heap + UInt64.random(in: 0..<4096, using: &random) * 16,
                size: UInt64.random(in: 0...400, using: &random))
        }
        let image = HeapImage(
            blocks: LiveBlocks(blocks), memory: memory,
            maps: [
                HeapMap(range: heap..<heap + 65536, isReadable: true, isWritable: true, name: ""),
                HeapMap(
                    range: module..<module + 8192, isReadable: true, isWritable: true, isExecutable: true,
                    name: "/lib/a.so"),
            ],
            threads: [
                FrozenThread(id: 1, registers: [word(), word()], stackPointer: word(), threadPointer: word()),
                FrozenThread(
                    id: 2, registers: [], stackPointer: heap + 100, stackEnd: word(), threadPointer: heap + 8192),
                FrozenThread(id: 3, registers: [], stackPointer: .max, stackEnd: 0, threadPointer: .max),
            ],
            modules: [HeapModule(path: "/lib/a.so", range: module..<module + 65536)],
            profilerRanges: seed % 2 == 0 ? [heap..<heap + 100, 0..<UInt64.max] : [],
            symbolName: { _ in "closure #1 in f()" }, symbolAddress: { _ in module + UInt64(seed % 7) * 8 })
        let snapshot = try MemorySnapshot(of: image)
        #expect(snapshot.blocks == LiveBlocks(blocks).count)
        #expect(snapshot.leaks.allSatisfy { !$0.description.isEmpty && $0.fingerprint.count == 16 })
    }

    @Test(arguments: [
        "", "zz", "1-2", "7f00-8000 rw-p", "8000-7000 rw-p 0 0:0 0", "7000-8000 r 0 0:0 0 x", "-- -- -- -- --",
        "fffffffffffffffff-1 rw-p 0 00:00 0",
    ])
    func damagedMapsLinesAreNone(line: String) { #expect(HeapMap(mapsLine: line) == nil) }

    @Test func mapsLinesAreRead() throws {
        let line = "7f00000-7f01000 rw-p 00001000 08:01 1234      /lib/a b.so (deleted)"
        let map = try #require(HeapMap(mapsLine: line))
        #expect(map.range == 0x7f00000..<0x7f01000)
        #expect(map.isWritable && map.isReadable && !map.isExecutable)
        #expect(map.name == "/lib/a b.so (deleted)")
        #expect(try #require(HeapMap(mapsLine: "7f00000-7f01000 ---p 00000000 00:00 0")).isAnonymous)
    }
}
