// SPDX-License-Identifier: Apache-2.0
// Stacks of running programs, copied by the recorder itself and replayed: Potter's unwinder against libunwind, which
// reads .eh_frame by code of its own. Scripts/bench-unwind does it, Docs/Cost.md explains it.

import Foundation
import Testing

struct ReplayTests {
    /// What Scripts/bench-unwind --json writes.
    struct Document: Decodable {
        struct Row: Decodable {
            struct Times: Decodable { var median, p99: Double }
            struct Difference: Decodable { var kind, potter, libunwind, callee: String }
            var language: String, program: String
            var compared, same, leftOut, unlikeLive: Int
            var different: [String: Int]
            var differences: [Difference]
            var framesMedian: Int
            var potterNs, libunwindNs: Times
        }
        var programs: [Row]
        var all: Row
    }

    private static let isLong = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
    /// Of each program: 10,000 of C, C++ and Rust in the long version.
    private static let stacks = isLong ? 3400 : 600

    /// Where potter-prof was built: test bundles lie beside the programs.
    private static let build: URL = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        return bundle.map { URL(filePath: $0).deletingLastPathComponent() }
            ?? TestTools.repository.appending(path: ".build/debug")
    }()

    private func replay() throws -> (document: Document, output: String) {
        let directory = try Harness.get().directory
        let file = directory.appending(path: "replay.json").path
        let script = TestTools.repository.appending(path: "Scripts/bench-unwind").path
        let (status, output) = try TestTools.run(
            [script, "--potter", Self.build.appending(path: "potter-prof").path, "--stacks", "\(Self.stacks)"]
                + ["--passes", "3", "--own", "--json", file])
        // 1: a bound was missed; those of time are for a quiet machine.
        guard status <= 1 else { throw TestTools.Failure(command: [script], status: status, output: output) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (try decoder.decode(Document.self, from: Data(contentsOf: URL(filePath: file))), output)
    }

    @Test func stacksOfRunningProgramsAreThoseOfLibunwind() throws {
        let (document, output) = try replay()
        print(output)
        #expect(document.programs.map(\.language) == ["C", "C++", "Rust", "Swift"])
        for row in document.programs {
            #expect(row.compared + row.leftOut == Self.stacks, "\(row.program)")
            #expect(row.leftOut <= Self.stacks / 20, "\(row.program): too large to be copied")
            #expect(row.unlikeLive == 0, "\(row.program): the replay is not what happened")
            #expect(row.framesMedian > 5, "\(row.program): shallow stacks prove little")
            guard row.language == "Swift" else {
                // Ends in frames that libgcc has overwritten are incomplete, and say so; they are few.
                let ends = row.different["eh-return", default: 0]
                #expect(row.same + ends == row.compared, "\(row.program): \(row.differences.prefix(3))")
                #expect(ends <= row.compared / 20)
                continue
            }
            // libunwind guesses where Swift has no FDE: nothing else may differ, and that must be seen to.
            #expect(row.different.keys.allSatisfy { $0 == "guess" }, "\(row.differences.prefix(3))")
            #expect(row.different["guess", default: 0] > 0)
        }
        // The bounds in us are for a quiet machine; the ratio is for every one.
        #expect(document.all.potterNs.median * 10 < document.all.libunwindNs.median)
    }
}
