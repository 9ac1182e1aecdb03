// SPDX-License-Identifier: Apache-2.0
// The unwinder on arm64: stacks of emulated programs against chains known by construction (Programs/plants.c).

import Foundation
import Testing

struct ArmProgram: CustomTestStringConvertible, Sendable {
    var name: String
    var compiler = "clang"
    var flags: [String]
    var source = "plants.c"
    var rounds = 200
    var arguments: [String] = []
    var tables = ArmHarness.Tables.all
    /// Only in the long run.
    var isLong = false

    var testDescription: String { name }

    /// -fno-inline: clang does not know the attribute by which gcc keeps the planted functions apart. gcc and its longer
    /// relatives run where they are asked for and installed.
    static let all = [
        ArmProgram(name: "clang-O2", flags: ["-O2", "-fno-inline"], arguments: ["thread"]),
        ArmProgram(name: "clang-O2-nofp", flags: ["-O2", "-fno-inline", "-fomit-frame-pointer"]),
        ArmProgram(name: "clang-O2-signed", flags: ["-O2", "-fno-inline", "-mbranch-protection=standard"]),
        ArmProgram(
            name: "clang++-O2", compiler: "clang++", flags: ["-O2", "-fno-inline"], source: "plants.cc", rounds: 400),
        ArmProgram(name: "clang-O0-norows", flags: ["-O0"], tables: .withoutRowsOfTheProgram),
        ArmProgram(
            name: "clang-O2-norows", flags: ["-O2", "-fno-inline", "-fno-omit-frame-pointer"],
            tables: .withoutRowsOfTheProgram),
        ArmProgram(name: "clang-O0", flags: ["-O0"], isLong: true),
        ArmProgram(name: "gcc-O2", compiler: gcc, flags: ["-O2"], isLong: true),
        ArmProgram(name: "gcc-O2-nofp", compiler: gcc, flags: ["-O2", "-fomit-frame-pointer"], isLong: true),
    ].filter { !$0.isLong || (isLongRun && TestTools.isInstalled($0.compiler)) }

    private static let gcc = "aarch64-linux-gnu-gcc-12"
    static let isLongRun = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
}

@Suite(.serialized, .enabled(if: ArmTools.isInstalled)) struct ArmPlantedChainTests {
    @Test(arguments: ArmProgram.all)
    func sampledStacksEqualThePlantedChain(program: ArmProgram) throws {
        let harness = try ArmHarness.get()
        let source = TestTools.programs.appending(path: program.source).path
        // The emulator takes milliseconds for a walk of thousands of frames: a depth that is cut, not much more.
        let flags = program.flags + ["-DPLANT_DEEPEST=700"] + harness.linkFlags
        let built = try ArmTools.compile([source], flags, to: program.name, by: program.compiler)
        let rounds = ArmProgram.isLongRun ? program.rounds * 30 : program.rounds
        let result = try harness.sample(
            built, ["\(rounds)"] + program.arguments, emulator: ["-singlestep"], tables: program.tables)
        let counts = Harness.counts(result, "sampled")
        print("arm64 \(program.name): \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
        let (samples, exact) = (counts["sampled", default: 0], counts["exact", default: 0])
        #expect(samples > 30)  // a loaded machine delivers few
        // Of few samples a handful in __longjmp, which no rule describes, is more than a percent.
        #expect(Double(exact) >= Double(samples) * (ArmProgram.isLongRun ? 0.99 : 0.96), "\(result.prefix(3000))")
        #expect(Double(counts["wrong", default: 0]) <= Double(samples) * 0.01, "\(result.prefix(3000))")
        if program.tables == .all { #expect(Double(counts["fallback", default: 0]) <= Double(samples) * 0.01) }
    }
}
