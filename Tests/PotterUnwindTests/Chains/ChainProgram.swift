// SPDX-License-Identifier: Apache-2.0
// Generates a program with planted chains, compiles it, and finds its planted functions again.

import Foundation
import Testing

struct ChainProgram: CustomTestStringConvertible, Sendable {
    var name: String
    var language: String
    var compiler: [String]
    /// Part of the short version of the tests.
    var isShort = true

    var testDescription: String { name }

    private static let generator = TestTools.repository.appending(path: "Tests/Programs/chains/generate.py").path
    /// As `swift build -c release` compiles.
    private static let package = ["-O", "-wmo", "-Xcc", "-fno-omit-frame-pointer"]

    static let all = [
        ChainProgram(name: "C", language: "c", compiler: ["gcc", "-O2", "-fomit-frame-pointer"]),
        ChainProgram(
            name: "C, frame pointers", language: "c",
            compiler: ["gcc", "-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"]),
        ChainProgram(
            name: "C, clang", language: "c", compiler: ["clang", "-O2", "-fstack-clash-protection"],
            isShort: false),
        ChainProgram(name: "C++", language: "c++", compiler: ["g++", "-O2", "-fstack-clash-protection"]),
        ChainProgram(
            name: "C++, frame pointers", language: "c++",
            compiler: ["g++", "-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"], isShort: false),
        ChainProgram(name: "Rust", language: "rust", compiler: ["rustc", "-O"], isShort: false),
        ChainProgram(
            name: "Rust, frame pointers", language: "rust", compiler: ["rustc", "-O", "-C", "force-frame-pointers=yes"]),
        ChainProgram(name: "SwiftPM", language: "swift", compiler: ["swiftc"] + package),
        ChainProgram(name: "swiftc -O", language: "swift", compiler: ["swiftc", "-O"]),
    ].filter { TestTools.isInstalled($0.compiler[0]) }

    /// A compiled program.
    struct Built {
        var program: URL
        var truth: ChainTruth
        private var plants: [String: [(range: Range<UInt64>, function: Int)]] = [:]

        init(program: URL, truth: ChainTruth, modules: [URL]) throws {
            self.program = program
            self.truth = truth
            for module in modules { plants[module.path] = try Self.plants(module) }
        }

        func planted(_ frame: RecordedFrame) -> PlantedFrame {
            guard case .code(let module, let address) = frame, let found = plants[module] else {
                return PlantedFrame(frame: frame, function: nil)
            }
            let next = found.firstIndex { $0.range.lowerBound > address } ?? found.count
            let plant = next > 0 && found[next - 1].range.contains(address) ? found[next - 1] : nil
            return PlantedFrame(frame: frame, function: plant?.function)
        }

        /// Functions whose names hold plant_N, ascending.
        private static func plants(_ module: URL) throws -> [(Range<UInt64>, Int)] {
            try TestTools.check(["nm", "-S", "-n", "--defined-only", module.path]).split(separator: "\n").compactMap {
                let words = $0.split(separator: " ")
                guard words.count == 4, let start = UInt64(words[0], radix: 16), let size = UInt64(words[1], radix: 16),
                    let function = function(words[3]), "tTwW".contains(words[2])
                else { return nil }
                return (start..<start + size, function)
            }
        }

        /// N of plant_N. Mangled names say how long a part is, and another number may follow it.
        private static func function(_ symbol: Substring) -> Int? {
            guard let found = symbol.firstMatch(of: /(\d*)plant_(\d+)/) else { return nil }
            guard let length = Int(found.1) else { return Int(found.2) }
            return Int(found.2.prefix(max(length - "plant_".count, 0)))
        }
    }

    /// Where libgcc has overwritten its own return address the walk ends, flagged: UnwindRows+ExceptionReturn.swift.
    func mayLose(_ kind: String) -> Bool { kind.hasSuffix("in flight") || kind == "cut off before its root" }

    /// The debug build of the collector takes longer to make the tables of large libraries than a program waits for them.
    /// It makes them once: programs that come later in a recording find them.
    func command(_ built: Built, seconds: String) -> [String] {
        let program = built.program.path
        let times = ["swift": "1 2 3", "c++": "1 2"][language] ?? "1"
        return ["sh", "-c", "for i in \(times); do \(program) -1; done; exec \(program) \(seconds)"]
    }

    func build(seed: Int, in directory: URL) throws -> Built {
        let place = directory.appending(path: "\(name.replacing(/[^A-Za-z]+/, with: "-"))-\(seed)")
        _ = try TestTools.check(["/usr/bin/python3", "-B", Self.generator, language, "\(seed)", place.path])
        let truth = try JSONDecoder().decode(
            ChainTruth.self, from: Data(contentsOf: place.appending(path: "truth.json")))
        let program = place.appending(path: "program")
        let library = place.appending(path: "libchains.so")
        switch language {
        case "c", "c++":
            let (compile, source) = (["env", "-C", place.path] + compiler, language == "c" ? "c" : "cc")
            _ = try TestTools.check(compile + ["-fPIC", "-shared", "library.\(source)", "-o", library.path])
            _ = try TestTools.check(
                compile + ["-pthread", "-Wl,-z,lazy", "program.\(source)", "-o", program.path, "-L.", "-lchains"]
                    + ["-Wl,-rpath,\(place.path)"])
            return try Built(program: program, truth: truth, modules: [program, library])
        case "rust":
            _ = try TestTools.check(compiler + [place.path + "/program.rs", "-o", program.path])
        default:
            _ = try TestTools.check(compiler + [place.path + "/program.swift", "-o", program.path])
        }
        return try Built(program: program, truth: truth, modules: [program])
    }
}
