// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// Which rows of `SortedRows` a weight is in.
///
/// The values of the keys become small numbers first: a task's once for each thread, a place's once for each line of
/// code. A row is a task at a place. Weights are visited task by task: within a task the place alone tells the row, and
/// a million weights of 40 frames need no text and no hash table.
struct RowIndex: Sendable {
    private let keys: [SortKey]
    private var tasks = TextTuples()
    private var places = TextTuples()
    /// By process (upper half) and thread.
    private var taskOf: [UInt64: UInt32] = [:]
    /// By index of the profile's frame entries; the last one is of a stack without frames.
    private var placeOf: [UInt32] = []

    init(_ profile: Profile, _ keys: [SortKey]) {
        self.keys = keys
        addTasks(of: profile)
        addPlaces(of: profile)
    }

    /// The values of a row, in the order of the keys.
    func values(of row: (task: UInt32, place: UInt32)) -> [String] {
        var task = tasks[row.task].makeIterator()
        var place = places[row.place].makeIterator()
        return keys.map { ($0.isOfTask ? task.next() : place.next()) ?? "" }
    }

    /// Calls `body` with each weight and the rows that it is in, each once, that of its leaf first; rows are numbered as
    /// they come, and weights come in the same order every time. Without `callers` only the leaf's row is told.
    @discardableResult
    func visit(_ profile: Profile, callers: Bool, _ body: (Weight, [Int]) -> Void) -> [(task: UInt32, place: UInt32)] {
        var stacks = StackPlaces(
            profile, placeOf, count: places.count, callers: callers && !keys.allSatisfy(\.isOfTask))
        var rows: [(task: UInt32, place: UInt32)] = []
        var rowOfPlace = Array(repeating: -1, count: places.count)
        var known: [Int] = []
        var path: [Int] = []
        for (task, weights) in weightsByTask(profile).enumerated() {
            for index in weights {
                path.removeAll(keepingCapacity: true)
                stacks.forEachPlace(of: profile.weights[index].stack, in: profile) { place in
                    if rowOfPlace[place] < 0 {
                        rowOfPlace[place] = rows.count
                        rows.append((UInt32(task), UInt32(place)))
                        known.append(place)
                    }
                    path.append(rowOfPlace[place])
                }
                body(profile.weights[index], path)
            }
            for place in known { rowOfPlace[place] = -1 }
            known.removeAll(keepingCapacity: true)
        }
        return rows
    }

    /// Indices of the profile's weights.
    private func weightsByTask(_ profile: Profile) -> [[Int]] {
        var result: [[Int]] = Array(repeating: [], count: tasks.count)
        for (index, weight) in profile.weights.enumerated() {
            result[Int(taskOf[Self.key(weight.process, weight.thread)] ?? 0)].append(index)
        }
        return result
    }

    // MARK: Values

    private static func key(_ process: UInt32, _ thread: UInt32) -> UInt64 { UInt64(process) << 32 | UInt64(thread) }

    private mutating func addTasks(of profile: Profile) {
        let processes = Dictionary(profile.summary.processes.map { ($0.id, $0) }) { first, _ in first }
        let threads = Dictionary(profile.summary.threads.map { ($0.id, $0) }) { first, _ in first }
        for weight in profile.weights {
            let key = Self.key(weight.process, weight.thread)
            guard taskOf[key] == nil else { continue }
            let (process, thread) = (processes[weight.process], threads[weight.thread])
            let values = keys.compactMap { key -> String? in
                switch key {
                // What belongs to no thread is shown with the name of its process.
                case .comm: thread?.name ?? process?.name ?? ""
                case .pid: process.map { "\($0.pid)" } ?? ""
                case .tid: thread.map { "\($0.tid)" } ?? ""
                case .dso, .symbol, .srcline: nil
                }
            }
            taskOf[key] = tasks.number(of: values)
        }
    }

    private mutating func addPlaces(of profile: Profile) {
        placeOf = profile.frames.entries.map { entry in
            places.number(of: values(profile.functions[Int(entry.function)], line: entry.line))
        }
        placeOf.append(places.number(of: values(Function(name: "[unknown]"), line: 0)))
    }

    private func values(_ function: Function, line: UInt32) -> [String] {
        keys.compactMap { key in
            switch key {
            case .comm, .pid, .tid: nil
            case .dso: function.binary.isEmpty ? function.name : Function.fileName(of: function.binary)
            case .symbol: function.name
            case .srcline: srcline(function, line)
            }
        }
    }

    private func srcline(_ function: Function, _ line: UInt32) -> String {
        guard !function.file.isEmpty else { return "" }
        return line == 0 ? Function.fileName(of: function.file) : "\(Function.fileName(of: function.file)):\(line)"
    }
}

/// Numbers tuples of texts.
private struct TextTuples: Sendable {
    private var numbers: [[String]: UInt32] = [:]
    private var tuples: [[String]] = []

    var count: Int { tuples.count }

    subscript(number: UInt32) -> [String] { tuples[Int(number)] }

    mutating func number(of tuple: [String]) -> UInt32 {
        if let number = numbers[tuple] { return number }
        let number = UInt32(tuples.count)
        numbers[tuple] = number
        tuples.append(tuple)
        return number
    }
}
