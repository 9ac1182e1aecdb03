// SPDX-License-Identifier: Apache-2.0

import Foundation
import PotterSymbols
import Testing

@Suite struct SymbolLookupTests {
    static let variants: [[String]] = [
        ["gcc", "-O2", "-g"],
        ["gcc", "-O2", "-no-pie"],
        ["gcc", "-O2", "-ffunction-sections", "-Wl,--gc-sections,-z,separate-code"],
        ["gcc", "-O2", "-static"],
        ["g++", "-O2", "-xc++", "-fpermissive", "-w"],
    ]

    /// Each function of nm is found from its first to its last byte, and no further.
    @Test(arguments: variants) func agreesWithNm(command: [String]) throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.c, as: "program.c", command)
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil)
        #expect(symbols.hasSymbols)
        let truth = try NamedSymbol.functions(in: path)
        let sized = truth.filter { $0.size > 0 }
        #expect(sized.count > 4)
        for function in sized {
            let names = Set(truth.filter { $0.address == function.address }.map(\.name))
            for address in [function.address, function.address + function.size - 1] {
                let found = try #require(symbols.symbol(at: address), "\(function)")
                #expect(names.contains(found.name) || found.start > function.address, "\(function): \(found)")
                #expect(found.start <= address && address - found.start < found.size)
            }
            if let behind = symbols.symbol(at: function.address + function.size) {
                #expect(behind.start > function.address, "\(function) does not cover \(behind)")
            }
        }
    }

    @Test func followsTheRuleInAssembly() throws {
        let shop = try Workshop()
        let path = try shop.build(
            Programs.assembly, as: "program.s", ["gcc", "-shared", "-nostdlib"], output: "lib.so")
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil)
        let text = try sectionRange(".text", of: path).lowerBound
        func name(_ offset: UInt64) -> String? { symbols.symbol(at: text + offset)?.name }
        #expect(name(0) == "sized")
        #expect(name(16) == "sized", "a label without a size does not cut a function that has one")
        #expect(name(31) == "sized")
        #expect(name(32) == nil, "behind the size, and no label outlives its function")
        #expect(name(63) == nil)
        #expect(name(64) == "bare")
        #expect(name(127) == "bare", "markers of the assembler are no symbols")
        #expect(name(128) == "covered")
        #expect(name(143) == "covered")
        #expect(name(144) == nil, "behind the unwind entry that the symbol lies in")
        #expect(name(160) == nil, "in another unwind entry")
        #expect(symbols.frames(at: text + 170).map(\.function) == ["[lib.so+0x\(String(text + 160, radix: 16))]"])
        #expect(symbols.frames(at: text + 45).map(\.function) == ["[lib.so+0x\(String((text + 45) & ~15, radix: 16))]"])
        #expect(name(176) == "alias", "global before weak and local, fewest underscores")
        #expect(name(192) == "outer")
        #expect(name(200) == "inner")
        #expect(name(208) == "outer")
        #expect(name(216) == "last")
        #expect(name(223) == "last")
        let other = try sectionRange(".other", of: path)
        #expect(symbols.symbol(at: other.lowerBound) == nil, "symbols end with their section")
    }

    @Test(arguments: [
        ["gcc", "-O2", "-fcf-protection=none", "-Wl,-z,lazy"],
        ["gcc", "-O2", "-fcf-protection=full", "-Wl,-z,ibtplt"],
        ["gcc", "-O2", "-no-pie", "-Wl,-z,lazy"],
        ["gcc", "-O2", "-fuse-ld=gold", "-Wl,-z,lazy"],
    ])
    func namesStubsAsObjdumpDoes(command: [String]) throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.c, as: "program.c", command)
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil)
        let listing = try Toolchain.run(["objdump", "-d", path])
        var found = 0
        for line in listing.split(separator: "\n") where line.hasSuffix("@plt>:") {
            let fields = line.split(separator: " ")
            let address = try #require(UInt64(fields[0], radix: 16))
            let name = String(fields[1].dropFirst().dropLast(2))
            guard !name.hasPrefix("*") else { continue }
            found += 1
            for offset in [0, 5, 10] as [UInt64] where name != "__cxa_finalize@plt" || offset < 6 {
                #expect(symbols.frames(at: address + offset).map(\.function) == [name])
            }
        }
        #expect(found >= 3, "\(listing)")
    }

    @Test func findsSeveralExecutableSegments() throws {
        let shop = try Workshop()
        let far = "__attribute__((section(\".far\"), noinline)) int far_away(int n) { return n * 5; }"
        let source = "\(Programs.c)\n\(far)\n"
        let path = try shop.build(
            source, as: "program.c", ["gcc", "-O2", "-no-pie", "-Wl,--section-start=.far=0x900000"])
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil)
        let program = try Toolchain.run(["readelf", "-Wl", path])
        let segments = program.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { $0.first == "LOAD" && $0.contains("E") }
        #expect(segments.count >= 2, "\(program)")
        for segment in segments {
            let offset = try #require(UInt64(segment[1].dropFirst(2), radix: 16))
            let address = try #require(UInt64(segment[2].dropFirst(2), radix: 16))
            #expect(symbols.address(ofFileOffset: offset + 3) == address + 3)
        }
        #expect(symbols.address(ofFileOffset: 1 << 40) == nil)
        #expect(symbols.symbol(at: 0x900000)?.name == "far_away")
    }

    @Test func readsTheVDSO() throws {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        guard let line = maps.split(separator: "\n").first(where: { $0.hasSuffix("[vdso]") }) else { return }
        let bounds = line.split(separator: " ")[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        let image = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bitPattern: bounds[0]), count: Int(bounds[1] - bounds[0]))
        let symbols = try ModuleSymbols(image: image, name: "[vdso]")
        let shop = try Workshop()
        try Data(image).write(to: URL(fileURLWithPath: "\(shop.path)/vdso.so"))
        let truth = try NamedSymbol.functions(in: "\(shop.path)/vdso.so", dynamic: true).filter { $0.size > 0 }
        #expect(truth.contains { $0.name == "__vdso_clock_gettime" })
        #expect(!symbols.buildID.isEmpty)
        for function in truth {
            let found = try #require(symbols.symbol(at: function.address + function.size / 2))
            #expect(truth.contains { $0.name == found.name && $0.address == function.address })
        }
    }

    @Test func foldsColdPartsAndClones() throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.cpp, as: "program.cpp", ["g++", "-O2", "-g"])
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil)
        let cold = try NamedSymbol.functions(in: path).filter { $0.name.hasSuffix(".cold") && $0.size > 0 }
        #expect(!cold.isEmpty)
        for part in cold {
            let frame = try #require(symbols.frames(at: part.address).last)
            #expect(!frame.function.contains(".cold"))
            #expect(frame.systemName == part.name)
            #expect(frame.function == Demangler.demangle(String(part.name.dropLast(5))).name)
        }
    }
}
