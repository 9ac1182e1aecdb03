// SPDX-License-Identifier: Apache-2.0

/// The threads and processes that a selection means, by id.
struct SelectedTasks {
    let processes: Set<UInt32>
    let threads: Set<UInt32>
    private let areAllProcesses: Bool
    private let areAllThreads: Bool

    init(_ selection: Selection, _ summary: RunSummary) throws {
        let named = summary.processes.filter { process in
            Self.isNamed(process.pid, process.name, by: selection.processes)
        }
        guard !named.isEmpty || selection.processes.isEmpty else {
            throw Self.unknown("process", selection.processes, summary.processes.map { ("\($0.pid)", $0.name) })
        }
        // A recording whose processes are not known has threads all the same.
        let ids = selection.processes.isEmpty ? nil : Set(named.map(\.id))
        let inside = summary.threads.filter { ids?.contains($0.process) ?? true }
        let meant = inside.filter { Self.isNamed($0.tid, $0.name, by: selection.threads) }
        guard !meant.isEmpty || selection.threads.isEmpty else {
            throw Self.unknown("thread", selection.threads, inside.map { ("\($0.tid)", $0.name) })
        }
        let ofThreads = Set(meant.map(\.process))
        processes = Set(named.map(\.id)).filter { selection.threads.isEmpty || ofThreads.contains($0) }
        threads = Set(meant.map(\.id))
        areAllProcesses = selection.processes.isEmpty
        areAllThreads = selection.threads.isEmpty
    }

    /// Time of no thread belongs to its process, and to no selection of threads.
    func contains(_ weight: Weight) -> Bool {
        if weight.thread != 0 { return areAllThreads && areAllProcesses || threads.contains(weight.thread) }
        return areAllThreads && (areAllProcesses || processes.contains(weight.process))
    }

    private static func isNamed(_ id: Int32, _ name: String, by names: [TaskName]) -> Bool {
        names.isEmpty || names.contains { $0.matches(id: id, name: name) }
    }

    private static func unknown(
        _ what: String, _ names: [TaskName], _ known: [(id: String, name: String)]
    ) -> SelectionError {
        let shown = known.prefix(8).map { "\($0.id) \($0.name)" }.joined(separator: ", ")
        let more = known.count > 8 ? ", … (report --threads shows all)" : ""
        let asked = names.map(\.text).joined(separator: ",")
        return SelectionError("no \(what) \(asked) in the recording" + (known.isEmpty ? "" : ", only \(shown)\(more)"))
    }
}
