// SPDX-License-Identifier: Apache-2.0
// Damaged files: whatever is in them, a look-up ends, in time, with an error or with names. A crash fails the run.

import Foundation
import PotterSymbols
import Testing

@Suite struct HostileFileTests {
    @Test(arguments: [["gcc", "-O2", "-g"], ["gcc", "-O2", "-gdwarf-4", "-fcf-protection=full"]])
    func survivesMutations(command: [String]) throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.c, as: "program.c", command)
        let original = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let text = try sectionRange(".text", of: path)
        let start = ContinuousClock.now
        var readable = 0
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            try Data(Self.mutated(original, &random)).write(to: URL(fileURLWithPath: "\(shop.path)/damaged"))
            guard let symbols = try? ModuleSymbols(path: "\(shop.path)/damaged", expectedBuildID: nil) else { continue }
            readable += 1
            for address in stride(from: text.lowerBound & ~0xfff, to: text.upperBound, by: 11) {
                #expect(!symbols.frames(at: address).isEmpty, "seed \(seed)")
            }
            _ = symbols.symbol(at: random.next())
            _ = symbols.address(ofFileOffset: random.next())
        }
        #expect(readable > 100, "too many were refused at once for this to test anything")
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func survivesTruncation() throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.c, as: "program.c", ["gcc", "-O2", "-g"])
        let original = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let text = try sectionRange(".text", of: path)
        var refused = 0
        for length in stride(from: 0, to: original.count, by: 97) {
            let image = original[..<length]
            let symbols = image.withUnsafeBytes { try? ModuleSymbols(image: $0, name: "cut") }
            if symbols == nil { refused += 1 }
            #expect(symbols?.frames(at: text.lowerBound + 5).isEmpty != true)
        }
        #expect(refused > 0)
        let whole = try original.withUnsafeBytes { try ModuleSymbols(image: $0, name: "whole") }
        for function in try NamedSymbol.functions(in: path) where function.size > 0 {
            #expect(whole.symbol(at: function.address) != nil)
        }
    }

    private static func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            // The headers at both ends decide most: they get a part of the hits, the contents the rest.
            let position =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: Int.random(in: 20..<64, using: &random)
                case 1: bytes.count - 1 - Int.random(in: 0..<2_400, using: &random)
                default: Int.random(in: 64..<bytes.count, using: &random)
                }
            bytes[position] =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: 0
                case 1: 0xff
                case 2: UInt8.random(in: 0...255, using: &random)
                default: bytes[position] ^ 1 << UInt8.random(in: 0..<8, using: &random)
                }
        }
        return bytes
    }
}
