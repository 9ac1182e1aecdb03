// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Builds profiles from stacks written as text, root first: `add("main/parse/lex", 10)`.
struct ProfileBuilder {
    var functions = [Function(name: "all")]
    var frames = FrameTable()
    var stacks = StackTable()
    var weights: [Weight] = []
    private var threads: [RunSummary.Thread] = []
    private var processes: [RunSummary.Process] = []
    private var functionIDs: [String: Int] = [:]
    private var stackIDs: [[String]: UInt32] = [:]

    mutating func function(_ name: String, language: String = "c", binary: String = "/bin/app") -> Int {
        if let id = functionIDs[name] { return id }
        functionIDs[name] = functions.count
        let isPseudo = name.hasPrefix("[")
        functions.append(
            isPseudo
                ? Function(name: name)
                : Function(name: name, binary: binary, file: "/src/app.c", language: language))
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

    /// `thread` 0: time of the process alone.
    mutating func add(
        _ path: String, _ weightNs: Int64, kind: WeightKind = .user, samples: UInt64 = 1, process: UInt32 = 1,
        thread: UInt32 = 1
    ) {
        let stack = stack(path.split(separator: "/").map(String.init))
        weights.append(
            Weight(
                stack: stack, process: process, thread: thread, kind: kind, samples: samples, weightNs: weightNs))
    }

    mutating func addProcess(_ id: UInt32, pid: Int32, executable: String) {
        processes.append(
            RunSummary.Process(id: id, parent: nil, pid: pid, executable: executable, command: "", startNs: 0))
    }

    /// Without any, there is thread 7 `app`.
    mutating func addThread(_ id: UInt32, process: UInt32 = 1, tid: Int32, name: String) {
        threads.append(
            RunSummary.Thread(id: id, process: process, tid: tid, name: name, startNs: 0, engine: .perf))
    }

    func profile() -> Profile {
        let run = RunInfo(
            command: ["./app", "with space"], startNs: 0, startWallNs: 0, endNs: 2_000_000_000, engine: .perf,
            rateHz: 99, periodNs: 10, tickNs: 4)
        var summary = RunSummary(run: run, processes: processes, threads: threads, quality: Quality())
        if threads.isEmpty {
            summary.threads = [RunSummary.Thread(id: 1, process: 1, tid: 7, name: "app", startNs: 0, engine: .perf)]
        }
        for weight in weights {
            let (kind, samples, weightNs) = (weight.kind, weight.samples, weight.weightNs)
            if let index = summary.threads.firstIndex(where: { $0.id == weight.thread }) {
                summary.threads[index].totals.add(kind, samples: samples, weightNs: weightNs)
            } else if let index = summary.processes.firstIndex(where: { $0.id == weight.process }) {
                summary.processes[index].totals.add(kind, samples: samples, weightNs: weightNs)
            }
        }
        return Profile(summary: summary, functions: functions, frames: frames, stacks: stacks, weights: weights)
    }
}
