// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// What a writer knows of its recording: all that is not a sample, and how much of it the file has.
/// Tables are indexed by id; where 0 is no id, index 0 is a placeholder.
struct RecordingState {
    var run: RunInfo
    var processes: [ProcessRow?] = [nil]
    var threads: [ThreadRow?] = [nil]
    /// 0 is "no module", 1 holds the pseudo frames.
    var modules = [
        ModuleRow(path: "", buildID: "", inode: 0, note: "no module"),
        ModuleRow(path: "", buildID: "", inode: 0, note: "frames that are no code"),
    ]
    var mappings: [MappingRow?] = [nil]
    var trie = StackTrie()
    var functions: [FunctionRow?] = [nil]
    var frames = FrameTable()
    var quality = Quality()

    /// Functions that got their file after they were written.
    var completedFunctions: Set<UInt32> = []

    private var functionIDs: [FunctionIdentity: [UInt32]] = [:]

    init(run: RunInfo) {
        self.run = run
    }

    mutating func function(_ row: FunctionRow) -> UInt32 {
        for id in functionIDs[row.identity] ?? [] {
            guard let known = functions[Int(id)], known.mayBeSameFile(as: row) else { continue }
            if known.file.isEmpty && !row.file.isEmpty {
                functions[Int(id)]?.file = row.file
                completedFunctions.insert(id)
            }
            return id
        }
        return add(row)
    }

    @discardableResult
    mutating func add(_ row: FunctionRow) -> UInt32 {
        let id = UInt32(functions.count)
        functionIDs[row.identity, default: []].append(id)
        functions.append(row)
        return id
    }

    /// Functions that are not in the file yet.
    mutating func dropFunctions(from first: Int) {
        functions.removeSubrange(first...)
        for (identity, ids) in functionIDs { functionIDs[identity] = ids.filter { $0 < first } }
    }

    /// What `setFrames` was given.
    func namedFrames(at location: UInt32) -> [NamedFrame] {
        frames.range(at: location).compactMap { index in
            let entry = frames.entries[index]
            guard let row = functions[Int(entry.function)] else { return nil }
            return NamedFrame(
                function: row.name, systemName: row.systemName, module: row.module, file: row.file, line: entry.line,
                declarationLine: row.line, language: row.language, inlined: entry.inlined)
        }
    }

    mutating func setFrames(_ named: [NamedFrame], at location: UInt32) {
        let binary = trie.locations[Int(location)].module
        let entries = named.map { frame in
            let row = FunctionRow(
                name: frame.function, systemName: frame.systemName, module: frame.module,
                binary: frame.isOutsideFiles ? 0 : binary, file: frame.file, line: frame.declarationLine,
                language: frame.language)
            return FrameTable.Entry(function: function(row), line: frame.line, inlined: frame.inlined)
        }
        frames.set(entries, at: location)
    }
}

/// How far the tables that only grow are in the file, and which rows of the others have changed since.
struct RecordingProgress {
    var modules = 0
    var locations = 1
    var stacks = 1
    var functions = 1
    var changedProcesses: Set<Int64> = []
    var changedThreads: Set<Int64> = []
    var changedMappings: Set<Int64> = []
    var changedQuality: Set<String> = []
    var namedLocations: [UInt32] = []
    /// Those of them whose names are in the file already.
    var renamedLocations: [UInt32] = []
    var runChanged = true
}
