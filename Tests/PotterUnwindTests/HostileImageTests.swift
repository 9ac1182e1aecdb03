// SPDX-License-Identifier: Apache-2.0
// A target may put anything into its ELF files: the builder never traps, stays bounded, and its tables stay sound.

import Foundation
import Glibc
import PotterSymbols
import Testing

@Suite struct HostileImageTests {
    private static let library = "/lib/x86_64-linux-gnu/libgcc_s.so.1"

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func mutatedImagesYieldSoundTablesOrNone(seed: UInt64) throws {
        let original = [UInt8](try Data(contentsOf: URL(filePath: Self.library)))
        let places = [
            try Self.frames(of: original), 0..<1024, original.count - 2048..<original.count, 0..<original.count,
        ]
        var random = SeededGenerator(state: seed)
        for round in 0..<150 {
            var image = original
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let place = places[
                    Int.random(in: 0..<8, using: &random) < 6 ? 0 : Int.random(in: 0..<4, using: &random)]
                image[Int.random(in: place, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try Self.check(image, "seed \(seed) round \(round)")
        }
    }

    @Test func truncatedImages() throws {
        let original = [UInt8](try Data(contentsOf: URL(filePath: Self.library)))
        for length in stride(from: 0, to: original.count, by: 1237) {
            try Self.check(Array(original.prefix(length)), "length \(length)")
        }
    }

    @Test func otherFilesHaveNoTable() throws {
        #expect(try UnwindTableBuilder.table(path: "/etc/passwd") == nil)
        #expect(try UnwindTableBuilder.table(path: "/dev/null") == nil)
        #expect(throws: UnwindTableError.self) { try UnwindTableBuilder.table(path: "/nonexistent/file") }
    }

    @Test func imageInMemoryEqualsFile() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: Self.library)))
        let inMemory = try bytes.withUnsafeBytes { try UnwindTableBuilder.table(image: $0, name: "copy") }
        #expect(try UnwindTableBuilder.table(path: Self.library) == inMemory)
    }

    @Test func vdsoHasATable() throws {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
        let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        let line = try #require(maps.split(separator: "\n").first { $0.hasSuffix("[vdso]") })
        let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
        let image = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bitPattern: bounds[0]), count: Int(bounds[1] - bounds[0]))
        let table = try #require(
            try UnwindTableBuilder.table(image: image, name: "[vdso]").flatMap(UnwindTableView.init))
        #expect(table.rows.count > 10)
    }

    private static func check(_ image: [UInt8], _ context: String) throws {
        guard let blob = try image.withUnsafeBytes({ try UnwindTableBuilder.table(image: $0, name: context) }) else {
            return
        }
        #expect(blob.count < 16 << 20, "\(context)")
        #expect(UnwindTableView(blob) != nil, "\(context)")
    }

    /// Where .eh_frame is, as readelf says.
    private static func frames(of image: [UInt8]) throws -> Range<Int> {
        let headers = try TestTools.run(["readelf", "-SW", library]).output
        let line = try #require(headers.split(separator: "\n").first { $0.contains(" .eh_frame ") })
        let words = line.split(separator: " ").drop { $0 != ".eh_frame" }.map(String.init)
        let (offset, size) = (try #require(Int(words[3], radix: 16)), try #require(Int(words[4], radix: 16)))
        return offset..<offset + size
    }
}

struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {  // SplitMix64
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
