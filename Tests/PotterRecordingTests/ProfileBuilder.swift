// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Builds profiles from stacks written as text, root first: `add("main/parse/lex", 10)`.
struct ProfileBuilder {
    var functions = [Function(name: "all")]
    var frames = FrameTable()
    var stacks = StackTable()
    var weights: [Weight] = []
    private var functionIDs: [String: Int] = [:]
    private var stackIDs: [[String]: UInt32] = [:]

    mutating func function(_ name: String, language: String = "c", binary: String = "/bin/app") -> Int {
        if let id = functionIDs[name] { return id }
        functionIDs[name] = functions.count
        functions.append(Function(name: name, binary: binary, file: "/src/app.c", language: language))
        // One location for each function, with the same number.
        let id = UInt32(functions.count - 1)
        frames.set([FrameTable.Entry(function: id, line: id * 10, inlined: false)], at: id)
        return functions.count - 1
    }

    mutating func stack(_ path: [String]) -> UInt32 {
        guard !path.isEmpty else { return 0 }
        if let id = stackIDs[path] { return id }
        let parent = stack(path.dropLast())
        stacks.append(parent: parent, location: UInt32(function(path.last!)))
        stackIDs[path] = UInt32(stacks.count - 1)
        return UInt32(stacks.count - 1)
    }

    mutating func add(_ path: String, _ weightNs: Int64, kind: WeightKind = .user) {
        let stack = stack(path.split(separator: "/").map(String.init))
        weights.append(
            Weight(stack: stack, process: 1, thread: 1, kind: kind, samples: 1, weightNs: weightNs))
    }

    func profile() -> Profile {
        let run = RunInfo(
            command: ["./app", "with space"], startNs: 0, startWallNs: 0, endNs: 2_000_000_000, engine: .perf,
            rateHz: 99, periodNs: 10, tickNs: 4)
        var thread = RunSummary.Thread(id: 1, process: 1, tid: 7, name: "app", startNs: 0, engine: .perf)
        for weight in weights { thread.totals.add(weight.kind, samples: weight.samples, weightNs: weight.weightNs) }
        let summary = RunSummary(run: run, processes: [], threads: [thread], quality: Quality())
        return Profile(summary: summary, functions: functions, frames: frames, stacks: stacks, weights: weights)
    }
}
