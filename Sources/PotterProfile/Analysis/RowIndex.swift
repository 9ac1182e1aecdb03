// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// Numbers the rows of `SortedRows`: values of the keys become small integers once for each thread and each line of
/// code, so that a stack of a weight is looked up without touching text.
struct RowIndex: Sendable {
    private let keys: [SortKey]
    private var tasks = TextTuples()
    private var places = TextTuples()
    /// By (process, thread).
    private var taskOf: [UInt64: UInt32] = [:]
    /// By index of the profile's frame entries; the last one is of a stack without frames.
    private var placeOf: [UInt32] = []
    private var ids = InternTable(capacity: 1 << 10)
    private var pairs: [(task: UInt32, place: UInt32)] = []
    /// By row: the number of the last weight that it was in.
    private var stamps: [Int] = []
    private var stamp = 0
    private let onlyTasks: Bool

    init(_ profile: Profile, _ keys: [SortKey]) {
        self.keys = keys
        onlyTasks = keys.allSatisfy(\.isOfTask)
        addTasks(of: profile)
        addPlaces(of: profile)
    }

    var count: Int { pairs.count }

    /// The values of a row, in the order of the keys.
    func values(of row: Int) -> [String] {
        var task = tasks[pairs[row].task].makeIterator()
        var place = places[pairs[row].place].makeIterator()
        return keys.map { ($0.isOfTask ? task.next() : place.next()) ?? "" }
    }

    /// The rows that a weight is in, each once, that of the leaf first. New ones are added.
    mutating func rows(of weight: Weight, in profile: Profile) -> [Int] {
        stamp += 1
        let task = taskOf[Self.key(weight.process, weight.thread)] ?? 0
        var rows: [Int] = []
        var node = Int(weight.stack)
        while node != 0 && !(onlyTasks && !rows.isEmpty) {
            for entry in profile.frames.range(at: profile.stacks.locations[node]) {
                append(task, placeOf[entry], to: &rows)
            }
            node = Int(profile.stacks.parents[node])
        }
        if rows.isEmpty { append(task, placeOf[placeOf.count - 1], to: &rows) }
        return rows
    }

    /// Whether a row is among those of the weight that `rows(of:)` was last asked for.
    func isInLast(_ row: Int) -> Bool { stamps[row] == stamp }

    private mutating func append(_ task: UInt32, _ place: UInt32, to rows: inout [Int]) {
        let found = ids.id(of: UInt64(task) << 32 | UInt64(place), orInsert: UInt32(pairs.count + 1))
        if found.inserted {
            pairs.append((task, place))
            stamps.append(0)
        }
        let row = Int(found.id) - 1
        guard stamps[row] != stamp else { return }
        stamps[row] = stamp
        rows.append(row)
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
        guard !onlyTasks else {
            placeOf = Array(repeating: places.number(of: []), count: profile.frames.entries.count + 1)
            return
        }
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

    subscript(number: UInt32) -> [String] { tuples[Int(number)] }

    mutating func number(of tuple: [String]) -> UInt32 {
        if let number = numbers[tuple] { return number }
        let number = UInt32(tuples.count)
        numbers[tuple] = number
        tuples.append(tuple)
        return number
    }
}
