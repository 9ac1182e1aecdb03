// SPDX-License-Identifier: Apache-2.0
import GRDB
import PotterProfile

extension RecordingWriter {
    /// Locations that no `setFrames` has named yet.
    public func locationsWithoutNames() -> [(id: Int64, module: Int64, address: UInt64)] {
        state.trie.locations.indices.dropFirst().compactMap { id in
            let location = state.trie.locations[id]
            guard state.frames.range(at: UInt32(id)).isEmpty, PseudoFrame(location) == nil else { return nil }
            return (Int64(id), location.module, location.address)
        }
    }

    /// The functions at a location, innermost first. Given once: a location that has names keeps them.
    public func setFrames(location: Int64, _ frames: [NamedFrame]) throws {
        guard location > 0, location < state.trie.locations.count else { throw misuse("no location \(location)") }
        let id = UInt32(location)
        guard state.frames.range(at: id).isEmpty, !frames.isEmpty else { return }
        state.setFrames(frames, at: id)
        progress.namedLocations.append(id)
    }

    /// All locations of code, with and without names.
    public func codeLocations() -> [(id: Int64, module: Int64, address: UInt64)] {
        state.trie.locations.indices.dropFirst().compactMap { id in
            let location = state.trie.locations[id]
            return PseudoFrame(location) == nil ? (Int64(id), location.module, location.address) : nil
        }
    }

    /// Other functions for a location that has some.
    public func replaceFrames(location: Int64, _ frames: [NamedFrame]) throws {
        guard location > 0, location < state.trie.locations.count, !frames.isEmpty else {
            throw misuse("no location \(location)")
        }
        state.setFrames(frames, at: UInt32(location))
        progress.namedLocations.append(UInt32(location))
        progress.renamedLocations.append(UInt32(location))
    }

    /// A module as the symbolizer needs it.
    public struct Module: Sendable {
        public var id: Int64
        public var path: String
        /// Hexadecimal; empty if the module has none.
        public var buildID: String
        public var inode: UInt64
        public var note: String?
    }

    public func modules() -> [Module] {
        state.modules.enumerated().dropFirst(2).map { id, row in
            Module(id: Int64(id), path: row.path, buildID: row.buildID, inode: row.inode, note: row.note)
        }
    }

    func writeNames(_ db: Database) throws {
        let function = try RawStatement(db, "INSERT OR REPLACE INTO function VALUES(?,?,?,?,?,?,?,?)")
        let completed = state.completedFunctions.map { Int($0) }.filter { $0 < progress.functions }
        for id in completed + Array(progress.functions..<state.functions.count) {
            guard let row = state.functions[id] else { continue }
            function.bind(Int64(id), at: 1)
            function.bind(row.name, at: 2)
            function.bind(row.systemName, at: 3)
            function.bind(row.module, at: 4)
            function.bind(row.binary, at: 5)
            function.bind(row.file, at: 6)
            function.bind(Int64(row.line), at: 7)
            function.bind(row.language, at: 8)
            try function.run()
        }
        let removal = try RawStatement(db, "DELETE FROM location_frame WHERE location=?")
        for location in progress.renamedLocations {
            removal.bind(Int64(location), at: 1)
            try removal.run()
        }
        let frame = try RawStatement(db, "INSERT INTO location_frame VALUES(?,?,?,?,?)")
        for location in progress.namedLocations {
            for (depth, index) in state.frames.range(at: location).enumerated() {
                let entry = state.frames.entries[index]
                frame.bind(Int64(location), at: 1)
                frame.bind(Int64(depth), at: 2)
                frame.bind(Int64(entry.function), at: 3)
                frame.bind(Int64(entry.line), at: 4)
                frame.bind(entry.inlined ? Int64(1) : Int64(0), at: 5)
                try frame.run()
            }
        }
    }
}
