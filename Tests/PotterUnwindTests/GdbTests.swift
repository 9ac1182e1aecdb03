// SPDX-License-Identifier: Apache-2.0
// gdb as a second opinion on stacks that nobody has planted.

import Foundation
import Testing

@Suite(.serialized) struct GdbTests {
    static let isLong = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
    /// Builds of their own: PlantedChainTests runs its at the same time.
    static let programs = PlantedProgram.all.filter {
        $0.isSampled && TestTools.isInstalled("gdb") && (isLong || ["c-O2", "swift-bare"].contains($0.name))
    }.map { program in
        var own = program
        own.name = "gdb-" + program.name
        return own
    }

    /// At random instants of a run. Where gdb has to guess it is no oracle; that is counted apart.
    @Test(arguments: programs)
    func stacksEqualThoseOfGdb(program: PlantedProgram) throws {
        let harness = try Harness.get()
        let stops = Self.isLong ? 250 : 25
        let result = try harness.compare(program.build(harness), ["100000000"], stops: stops)
        let counts = Harness.counts(result, "gdb")
        print("gdb: \(program.name): \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
        #expect(counts["stops"] == stops)
        #expect(counts["differ"] == 0, "\(result)")
        // libgcc's exception unwinder overwrites its own stack: Docs/Unwinding.md.
        #expect(counts["incomplete", default: 0] * 25 <= stops)
    }
}
