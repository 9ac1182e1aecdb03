// SPDX-License-Identifier: Apache-2.0
// Stacks of programs that nobody wrote for the purpose: each return address comes after a call, and a direct call leads to
// the callee.

import Foundation
import Testing

@Suite(.serialized) struct EdgeTests {
    struct Program: CustomTestStringConvertible, Sendable {
        var name: String
        var command: [String]
        /// Shell command that makes what the program works on.
        var prepare = ""
        /// Compiled from this file of Tests/Programs/chains, and run three times: see ChainProgram.command.
        var source: String?
        var testDescription: String { name }
    }

    static let inputs = TestTools.repository.appending(path: "Tests/Programs/real").path + "/"
    /// The debug build of the collector needs long for the tables of a program of 160 MB: see ChainProgram.command.
    static let clangWarm = "for i in $(seq 60); do clang -xc -c /dev/null -o /dev/null; done"
    static let programs =
        [Program(name: "python3", command: ["/usr/bin/python3", inputs + "work.py"])]
        + (ChainTests.isLong
            ? [
                Program(
                    name: "git", command: ["git", "--git-dir=repo", "repack", "-q", "-a", "-d", "-f", "--window=200"],
                    prepare: "git init -q --bare repo; /usr/bin/python3 \(inputs)generate.py git "
                        + "| git --git-dir=repo fast-import --quiet"),
                Program(
                    name: "clang", command: ["sh", "-c", "\(clangWarm); exec clang -O2 -c big.c -o big.o"],
                    prepare: "/usr/bin/python3 \(inputs)generate.py c > big.c"),
                Program(name: "Foundation", command: ["work", "10"], source: "work.swift"),
            ] : [])

    @Test(arguments: programs)
    func neighboursFitEachOther(program: Program) throws {
        let place = try Scratch.get().appending(path: "edges-" + program.name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        if !program.prepare.isEmpty { try TestTools.check(["env", "-C", place.path, "sh", "-ec", program.prepare]) }
        var command = program.command
        if let source = program.source {
            let chains = TestTools.repository.appending(path: "Tests/Programs/chains/\(source)").path
            try TestTools.check(["swiftc", "-O", chains, "-o", place.appending(path: command[0]).path])
            command = [
                "sh", "-c", "for i in 1 2 3; do ./\(command[0]) 0; done; exec ./\(command.joined(separator: " "))",
            ]
        }
        let recording = place.appending(path: "out.potter").path
        let stacks = try RecordedStacks(recording: command, to: recording, in: place.path)
        let edges = EdgeCheck()
        var samples = 0
        for (stack, count) in stacks.samples {
            try edges.add(stacks.frames(of: stack), samples: count, isGuess: stacks.isGuessed(stack))
            samples += count
        }
        print("edges: \(program.name): \(samples) samples, \(edges.summary)")
        for edge in edges.impossible { print("  impossible: \(edge)") }
        #expect(samples > 500)
        #expect(edges.impossible.isEmpty)
    }
}
