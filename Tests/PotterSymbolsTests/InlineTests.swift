// SPDX-License-Identifier: Apache-2.0
// Inlined functions and lines, at each address of .text, against llvm-symbolizer.

import Foundation
import PotterSymbols
import Testing

@Suite struct InlineTests {
    struct Build: CustomTestStringConvertible {
        var source: String
        var file: String
        var command: [String]
        /// What puts the split units into a package; their files are then removed.
        var packager: String?
        var testDescription: String { (command + [packager].compactMap { $0 }).joined(separator: " ") }
    }

    static let clang = "\(Toolchain.swiftBin)/clang"
    static let swiftc = ["\(Toolchain.swiftBin)/swiftc", "-g", "-parse-as-library"]

    /// Older compilers have DWARF 4 alone.
    private static func rustDwarf(_ version: Int) -> [String] {
        let help = (try? Toolchain.run(["rustc", "-C", "help"])) ?? ""
        return help.contains("dwarf-version") ? ["-C", "dwarf-version=\(version)"] : []
    }

    /// Every language with DWARF 4 and 5, and everything that linkers and compilers do to it.
    static let builds =
        [
            ["gcc", "-O2", "-gdwarf-4"], ["gcc", "-O2", "-gdwarf-5"], ["gcc", "-O0", "-gdwarf-5"],
            [clang, "-O2", "-gdwarf-4", "-fuse-ld=lld"],
            [clang, "-O2", "-gdwarf-5", "-fuse-ld=lld"],
        ].map { Build(source: Programs.c, file: "program.c", command: $0) }
        + [
            ["g++", "-O2", "-gdwarf-5"], ["g++", "-O2", "-gdwarf-4", "-no-pie"], ["g++", "-O0", "-gdwarf-4"],
            ["g++", "-O2", "-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections"],
            ["g++", "-O2", "-gdwarf-5", "-gsplit-dwarf"], ["g++", "-O2", "-gdwarf-4", "-gsplit-dwarf"],
            ["g++", "-O2", "-g", "-gz"], ["g++", "-O2", "-g", "-flto"],
            ["g++", "-O2", "-g", "-fuse-ld=gold", "-ffunction-sections", "-Wl,--icf=all"],
            ["\(clang)++", "-O2", "-gdwarf-5", "-fuse-ld=lld"], ["\(clang)++", "-O2", "-gdwarf-4", "-fuse-ld=lld"],
            ["\(clang)++", "-O2", "-gdwarf-5", "-fuse-ld=lld", "-gsplit-dwarf"],
            ["\(clang)++", "-O2", "-gdwarf-4", "-fuse-ld=lld", "-gsplit-dwarf"],
            ["\(clang)++", "-O2", "-g", "-fuse-ld=lld", "-ffunction-sections", "-Wl,--icf=all"],
            ["\(clang)++", "-O2", "-g", "-fuse-ld=lld", "-flto"],
        ].map { Build(source: Programs.cpp, file: "program.cpp", command: $0) }
        + [
            swiftc + ["-O", "-dwarf-version=4"], swiftc + ["-O", "-dwarf-version=5"], swiftc + ["-Onone"],
        ].map { Build(source: Programs.swift, file: "Program.swift", command: $0) }
        + [
            ["-C", "opt-level=3"] + rustDwarf(4), ["-C", "opt-level=3"] + rustDwarf(5),
            ["-C", "opt-level=1", "-C", "lto=fat"],
        ].map { ["rustc", "-g"] + $0 }.map { Build(source: Programs.rust, file: "program.rs", command: $0) }
        + packaged(dwarf: "-gdwarf-4", packager: "dwp")
        // binutils' dwp knows no DWARF 5.
        + packaged(dwarf: "-gdwarf-5", packager: "llvm-dwp")

    private static func packaged(dwarf: String, packager: String) -> [Build] {
        let cpp = [["g++", "-O2"], ["g++", "-O1", "-no-pie"], ["\(clang)++", "-O2", "-fuse-ld=lld"]]
        let c = [["gcc", "-O2"], [clang, "-O2", "-fuse-ld=lld", "-no-pie"]]
        let options = [dwarf, "-gsplit-dwarf"]
        return cpp.map {
            Build(source: Programs.cpp, file: "program.cpp", command: $0 + options, packager: packager)
        } + c.map { Build(source: Programs.c, file: "program.c", command: $0 + options, packager: packager) }
    }

    struct Frame: Equatable {
        var name: String
        var location: String
    }

    @Test(arguments: builds) func agreesWithLLVMSymbolizer(build: Build) throws {
        guard Toolchain.has(build.command[0]) else { return }
        let shop = try Workshop()
        // In a package of several units the pieces of all but one begin somewhere. (llvm-dwp 14 hangs on gcc's.)
        let hasOther = build.packager == "dwp" || build.packager != nil && build.command[0].contains("clang")
        let other = !hasOther ? [] : [try shop.write(Programs.assistant, to: "other-\(build.file)")]
        let path = try shop.build(build.source, as: build.file, build.command + other)
        if let packager = build.packager {
            guard Toolchain.has(packager) else { return }
            try Toolchain.run(["timeout", "60", packager, "-e", path, "-o", path + ".dwp"], in: shop.path)
            try Toolchain.run(["sh", "-c", "rm *.dwo"], in: shop.path)
        }
        let text = try sectionRange(".text", of: path)
        // Every address of a small program, 4,000 of a large one, at an odd distance.
        let step = max(1, UInt64(text.count) / 4_000 | 1)
        let addresses = Array(stride(from: text.lowerBound, to: text.upperBound, by: Int(step)))
        let truth = try Self.llvm(path, addresses)
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil, places: SymbolPlaces(debugDirectories: []))
        let aliases = Dictionary(grouping: try NamedSymbol.functions(in: path), by: \.name)
            .mapValues { Set($0.map(\.address)) }
        #expect(truth.count == addresses.count)
        let isOptimized = !build.command.contains("-O0") && !build.command.contains("-Onone")
        let inlined = truth.filter { $0.count > 1 }.count
        #expect(!isOptimized || inlined > addresses.count / 20, "too little inlining to test anything")
        var differences: [String] = []
        for (address, expected) in zip(addresses, truth) {
            let found = symbols.frames(at: address).map(Self.frame)
            if !Self.isSame(found, expected, aliases) {
                differences.append("\(String(address, radix: 16)): \(found) instead of \(expected)")
            }
        }
        print(
            "symbols: \(build.testDescription): \(addresses.count) addresses, \(inlined) inlined, \(differences.count) differ"
        )
        #expect(differences.isEmpty, "\(differences.count) of \(addresses.count): \(differences.prefix(3))")
    }

    private static func frame(_ frame: ResolvedFrame) -> Frame {
        Frame(name: frame.systemName ?? frame.function, location: "\(frame.file ?? "??"):\(frame.line ?? 0)")
    }

    /// Equal, but for aliases of one address, and for what llvm-symbolizer says without knowing it: file names from
    /// STT_FILE symbols, and "??" where Potter shows the unnamed function.
    private static func isSame(_ found: [Frame], _ expected: [Frame], _ aliases: [String: Set<UInt64>]) -> Bool {
        guard found.count == expected.count else { return false }
        return zip(found, expected).allSatisfy { found, expected in
            let isAlias = !(aliases[found.name] ?? []).isDisjoint(with: aliases[expected.name] ?? [])
            let isPart = found.name.split(separator: ".").first.map(String.init) == expected.name
            let isUnnamed = found.name.hasPrefix("[") && expected.name == "??"
            let isUnknownLine =
                found.location == "??:0"
                && (expected.location.hasSuffix(":0") || expected.location.contains("<compiler-generated>"))
            return (found.name == expected.name || isAlias || isPart || isUnnamed)
                && (found.location == expected.location || isUnknownLine)
        }
    }

    private static func llvm(_ path: String, _ addresses: [UInt64]) throws -> [[Frame]] {
        let input = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n")
        let output = try Toolchain.run(
            [Toolchain.symbolizer, "--no-demangle", "--obj=\(path)"], input: input + "\n",
            in: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        return output.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { block in
            let lines = block.split(separator: "\n").map(String.init)
            return stride(from: 0, to: lines.count - 1, by: 2).map { index in
                let location = lines[index + 1].split(separator: ":", omittingEmptySubsequences: false).dropLast()
                return Frame(name: lines[index], location: location.joined(separator: ":"))
            }
        }
    }
}
