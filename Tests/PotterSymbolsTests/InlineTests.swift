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
        var testDescription: String { command.joined(separator: " ") }
    }

    static let builds = [
        Build(source: Programs.cpp, file: "program.cpp", command: ["g++", "-O2", "-g"]),
        Build(source: Programs.cpp, file: "program.cpp", command: ["g++", "-O2", "-gdwarf-4", "-no-pie"]),
        Build(
            source: Programs.cpp, file: "program.cpp",
            command: ["g++", "-O2", "-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections"]),
        Build(source: Programs.cpp, file: "program.cpp", command: ["g++", "-O2", "-g", "-gsplit-dwarf"]),
        Build(source: Programs.cpp, file: "program.cpp", command: ["g++", "-O2", "-g", "-gz"]),
        Build(source: Programs.cpp, file: "program.cpp", command: ["g++", "-O2", "-g", "-flto"]),
        Build(
            source: Programs.cpp, file: "program.cpp",
            command: ["\(Toolchain.swiftBin)/clang++", "-O2", "-g", "-fuse-ld=lld"]),
        Build(
            source: Programs.swift, file: "Program.swift",
            command: ["\(Toolchain.swiftBin)/swiftc", "-O", "-g", "-parse-as-library"]),
        Build(source: Programs.rust, file: "program.rs", command: ["rustc", "-C", "opt-level=3", "-g"]),
    ]

    struct Frame: Equatable {
        var name: String
        var location: String
    }

    @Test(arguments: builds) func agreesWithLLVMSymbolizer(build: Build) throws {
        guard Toolchain.has(build.command[0]) else { return }
        let shop = try Workshop()
        let path = try shop.build(build.source, as: build.file, build.command)
        let text = try sectionRange(".text", of: path)
        // Every address of a small program, 4,000 of a large one, at an odd distance.
        let step = max(1, UInt64(text.count) / 4_000 | 1)
        let addresses = Array(stride(from: text.lowerBound, to: text.upperBound, by: Int(step)))
        let truth = try Self.llvm(path, addresses)
        let symbols = try ModuleSymbols(path: path, expectedBuildID: nil, places: SymbolPlaces(debugDirectories: []))
        let aliases = Dictionary(grouping: try NamedSymbol.functions(in: path), by: \.name)
            .mapValues { Set($0.map(\.address)) }
        #expect(truth.count == addresses.count)
        #expect(truth.filter { $0.count > 1 }.count > addresses.count / 10, "too little inlining to test anything")
        var differences: [String] = []
        for (address, expected) in zip(addresses, truth) {
            let found = symbols.frames(at: address).map(Self.frame)
            if !Self.isSame(found, expected, aliases) {
                differences.append("\(String(address, radix: 16)): \(found) instead of \(expected)")
            }
        }
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
