// SPDX-License-Identifier: Apache-2.0
// Generated programs with known chains, recorded by potter-prof as anybody would: each stack is exact, or says that it is
// not. A table of kinds and languages is printed.

import Foundation
import Testing

@Suite(.serialized) struct ChainTests {
    static let isLong = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
    /// Each seed makes other programs.
    static let seeds = isLong ? [2, 3] : [1]
    /// CPU time of each chain.
    static let seconds = isLong ? "0.3" : "0.06"

    @Test(arguments: ChainProgram.all.filter { isLong || $0.isShort }, seeds)
    func stacksAreThePlantedChains(program: ChainProgram, seed: Int) throws {
        let directory = try Scratch.get()
        let built = try program.build(seed: seed, in: directory)
        let recording = built.program.path + ".potter"
        let stacks = try RecordedStacks(recording: program.command(built, seconds: Self.seconds), to: recording)
        let judge = ChainJudge(built.truth)
        var table = ChainTable()
        let edges = EdgeCheck()
        for (stack, count) in stacks.samples {
            let frames = stacks.frames(of: stack)
            var verdict = judge.verdict(frames.map(built.planted))
            // A guess by frame pointers, from before the tables were there: it says so, and is counted as such.
            if case .wrong(let kind, _) = verdict, stacks.isGuessed(stack) { verdict = .flagged(kind: kind) }
            table.add(verdict, count)
            try edges.add(frames, samples: count, isGuess: stacks.isGuessed(stack))
        }
        print("edges: \(program.name), seed \(seed): \(edges.summary)")
        #expect(edges.impossible.isEmpty)
        print(table.text("\(program.name), seed \(seed)"))
        let kinds = Set(built.truth.chains.map(\.kind))
        #expect(table.rows.keys.filter { kinds.contains($0) }.count == kinds.count, "a kind has no samples")
        #expect(table.total.samples > 500)
        for (kind, row) in table.rows where !program.mayLose(kind) {
            // One in a row of the short version is less than 200 samples can tell.
            #expect(row.samples - row.exact <= max(1, row.samples / 200), "\(kind): \(table.examples[kind] ?? "")")
        }
        #expect(table.total.wrong == 0, "\(table.examples)")
    }
}

/// Samples by kind of chain.
struct ChainTable {
    struct Row { var samples = 0, exact = 0, flagged = 0, wrong = 0 }

    private(set) var rows: [String: Row] = [:]
    private(set) var total = Row()
    private(set) var outside = 0
    /// One for each kind.
    private(set) var examples: [String: String] = [:]

    mutating func add(_ verdict: ChainVerdict, _ count: Int) {
        guard let kind = verdict.kind else {
            outside += count
            return
        }
        add(verdict, count, to: &rows[kind, default: Row()])
        add(verdict, count, to: &total)
        if case .exact = verdict { return }
        if examples[kind] == nil { examples[kind] = "\(verdict)" }
    }

    private func add(_ verdict: ChainVerdict, _ count: Int, to row: inout Row) {
        row.samples += count
        switch verdict {
        case .exact: row.exact += count
        case .flagged: row.flagged += count
        case .wrong: row.wrong += count
        case .outside: break
        }
    }

    func text(_ title: String) -> String {
        let lines = (rows.sorted { $0.key < $1.key } + [("all", total)]).map { kind, row in
            let share = 100 * Double(row.exact) / Double(max(row.samples, 1))
            return "chains: \(title): \(kind): \(row.samples) samples, \(String(format: "%.2f", share)) % exact, "
                + "\(row.flagged) flagged, \(row.wrong) wrong"
        }
        return lines.joined(separator: "\n") + "; \(outside) in no chain"
    }
}

/// A directory of this process, for what tests build and record.
enum Scratch {
    private static let shared = Result {
        let place = FileManager.default.temporaryDirectory
            .appending(path: "potter-chains-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        directory = place
        atexit { Scratch.directory.map { try? FileManager.default.removeItem(at: $0) } }
        return place
    }
    nonisolated(unsafe) private static var directory: URL?

    static func get() throws -> URL { try shared.get() }
}
