// SPDX-License-Identifier: Apache-2.0
// Stacks of real programs against chains known by construction, in each language and optimization that matters.

import Foundation
import Testing

struct PlantedProgram: CustomTestStringConvertible, Sendable {
    var name: String
    var compiler: [String]
    var source: String
    var arguments: [String]
    /// Whether it says which planted functions it is in.
    var isSampled = true

    var testDescription: String { name }

    static let all = [
        PlantedProgram(name: "c-O2", compiler: ["gcc", "-O2"], source: "plants.c", arguments: ["3000", "thread"]),
        PlantedProgram(
            name: "c-O2-nofp", compiler: ["gcc", "-O2", "-fomit-frame-pointer"], source: "plants.c",
            arguments: ["3000"]),
        PlantedProgram(name: "c-O0", compiler: ["gcc", "-O0"], source: "plants.c", arguments: ["3000", "thread"]),
        PlantedProgram(
            name: "c-O2-fp", compiler: ["gcc", "-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"],
            source: "plants.c", arguments: ["3000"]),
        PlantedProgram(name: "cxx-O2", compiler: ["g++", "-O2"], source: "plants.cc", arguments: ["60000"]),
        PlantedProgram(
            name: "cxx-O2-fp", compiler: ["g++", "-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"],
            source: "plants.cc", arguments: ["60000"]),
        PlantedProgram(name: "rust-O", compiler: ["rustc", "-O"], source: "plants.rs", arguments: ["40000"]),
        PlantedProgram(
            name: "rust-O-fp", compiler: ["rustc", "-O", "-C", "force-frame-pointers=yes"], source: "plants.rs",
            arguments: ["40000"]),
        // As `swift build -c release` compiles.
        PlantedProgram(
            name: "swiftpm", compiler: ["swiftc", "-O", "-wmo", "-Xcc", "-fno-omit-frame-pointer"],
            source: "plants.swift", arguments: ["20000"]),
        PlantedProgram(
            name: "swift-bare", compiler: ["swiftc", "-O"], source: "plants.swift", arguments: ["20000"]),
        PlantedProgram(
            name: "swift-async", compiler: ["swiftc", "-O", "-parse-as-library"], source: "steps.swift",
            arguments: ["3"], isSampled: false),
    ].filter { TestTools.isInstalled($0.compiler[0]) }

    func build(_ harness: Harness) throws -> URL {
        let program = harness.directory.appending(path: name)
        guard !FileManager.default.fileExists(atPath: program.path) else { return program }
        let link = compiler[0] == "rustc" ? harness.linkFlags.flatMap { ["-C", "link-arg=\($0)"] } : harness.linkFlags
        let includes = compiler[0] == "gcc" ? Harness.includes : []
        let source = TestTools.programs.appending(path: source).path
        _ = try TestTools.check(compiler + includes + [source, "-o", program.path] + link)
        return program
    }
}

@Suite(.serialized) struct PlantedChainTests {
    @Test(arguments: PlantedProgram.all.filter(\.isSampled))
    func sampledStacksEqualThePlantedChain(program: PlantedProgram) throws {
        let harness = try Harness.get()
        let executable = try program.build(harness)
        // A loaded machine delivers few samples in a run, maybe none.
        var (samples, exact, wrong, runs, output) = (0, 0, 0, 0, "")
        repeat {
            output = try harness.run(executable, program.arguments, mode: "sample", ["HARNESS_PERIOD_NS": "50000"])
            let counts = Harness.counts(output, "sampled")
            print("\(program.name): \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
            samples += counts["sampled", default: 0]
            exact += counts["exact", default: 0]
            wrong += counts["wrong", default: 0]
            runs += 1
        } while samples <= 30 && runs < 50
        #expect(samples > 30)
        // What is not exact is incomplete: C++ in libgcc's exception unwinder (Docs/Unwinding.md).
        #expect(Double(exact) >= Double(samples) * 0.95, "\(output.prefix(1500))")
        #expect(wrong == 0, "\(output.prefix(1500))")
    }

    /// At every third instruction that the program executes, wherever it is; the long version: at every one.
    @Test(arguments: PlantedProgram.all)
    func everyInstructionHasItsTrueStack(program: PlantedProgram) throws {
        let harness = try Harness.get()
        let (every, steps) = ChainTests.isLong ? ("1", "600000") : ("3", "300000")
        let settings = ["HARNESS_EVERY": every, "HARNESS_STEPS": steps]
        let result = try harness.run(program.build(harness), ["8"], mode: "step", settings)
        let all = Harness.counts(result, "module")
        let (checked, exact) = (all["checked", default: 0], all["exact", default: 0])
        let wrong = all["wrong", default: 0]
        print(
            "\(program.name): \(exact) of \(checked) exact, \(wrong) wrong, \(all["fallback", default: 0]) by fallback")
        let failures = result.split(separator: "\n").filter { $0.hasPrefix("failure") }
        for failure in failures.prefix(6) { print("  \(failure)") }
        #expect(checked > 10000)
        #expect(wrong == 0, "\(failures.filter { $0.hasPrefix("failure w") })")
        // What is not exact says so: its unwind is incomplete.
        #expect(Double(exact) >= Double(checked) * 0.98, "\(failures.prefix(20))")
    }
}
