// SPDX-License-Identifier: Apache-2.0
import GRDB
import Glibc
import PotterCore
import PotterProfile

/// A recording of limited size: see `SizeLimit`.
extension RecordingWriter {
    public static let leastMaxBytes = SizeLimit.least

    /// Whether there is room for the end of the recording, and no more.
    public var isFull: Bool {
        guard let limit else { return false }
        return !limit.leaves(limit.reserve, pending: pendingBytes, names: namesBytes, weights: weightsBytes)
    }

    /// Whether a sample more could be one too many, the rings' last ones not counted. Then no other gets in: a stack
    /// that found no room has none later.
    func hasNoRoom() -> Bool {
        guard let limit, !limit.isOver else { return limit != nil }
        self.limit?.isOver = !limit.leaves(0, pending: pendingBytes, names: namesBytes, weights: weightsBytes)
        return self.limit?.isOver ?? false
    }

    /// A long -wal is folded into the file early.
    func shortenWAL() throws {
        guard let limit else { return }
        try RecordingFile.explain("cannot write", path) {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_autocheckpoint=\(limit.walPages)")
            }
        }
    }

    /// Looks how large the recording is. After each commit.
    func measure() throws {
        guard limit != nil else { return }
        let pages = try queue.read { db in try RawStatement.number(db, "PRAGMA page_count") ?? 0 }
        limit?.database = UInt64(clamping: pages) * SizeLimit.pageBytes
        limit?.beside = Self.size(of: path + "-wal") + Self.size(of: path + "-shm")
    }

    /// Folds the -wal into the file, and empties it. Where a reader prevents that it stays, and counts.
    func emptyWAL() throws {
        guard limit != nil else { return }
        try RecordingFile.explain("cannot finish", path) {
            try fold()
            try measure()
        }
    }

    private func fold() throws {
        do {
            try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED
        {
            return
        }
    }

    private static func size(of path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(clamping: status.st_size) : 0
    }

    /// Throws where a reader keeps the -wal from being emptied, and the end would not fit beside it.
    func checkRoomForEnd() throws {
        guard let limit, limit.database + limit.beside + 2 * weightsBytes > limit.bytes else { return }
        throw RecordingError(
            .inUse, what: "cannot finish", path: path,
            why: "another program reads it, and --max-size leaves no room beside",
            advice: "`potter-prof report` finishes it")
    }

    // MARK: Bounds

    /// What waits for the next commit.
    private var pendingBytes: UInt64 {
        var bytes = SizeLimit.Cost.commit + UInt64(samples.count) * SizeLimit.Cost.sample
        bytes += UInt64(pendingHeapSites.count + pendingHeapPoints.count) * SizeLimit.Cost.heapPoint
        bytes += UInt64(state.trie.nodes.count - progress.stacks) * SizeLimit.Cost.stack
        bytes += UInt64(state.trie.locations.count - progress.locations) * SizeLimit.Cost.location
        bytes += UInt64(progress.changedThreads.count) * SizeLimit.Cost.thread
        bytes += UInt64(progress.changedMappings.count) * SizeLimit.Cost.mapping
        for module in state.modules[progress.modules...] {
            bytes += SizeLimit.Cost.named + SizeLimit.Cost.text(module.path.utf8.count + module.buildID.utf8.count)
        }
        for id in progress.changedProcesses {
            guard let process = state.processes[Int(id)] else { continue }
            let text = process.executable.utf8.count + process.command.utf8.count + (process.note?.utf8.count ?? 0)
            bytes += SizeLimit.Cost.named + SizeLimit.Cost.text(text)
        }
        return bytes
    }

    /// What the names will take, as far as one can tell before they are known.
    private var namesBytes: UInt64 {
        let locations = UInt64(state.trie.locations.count)
        let first = min(locations, SizeLimit.Cost.firstLocations)
        return first * SizeLimit.Cost.firstNames + (locations - first) * SizeLimit.Cost.moreNames
    }

    /// What `finish` adds but for names.
    private var weightsBytes: UInt64 {
        let weights = UInt64(totals.count + samples.count + 4 * state.threads.count + 2 * state.processes.count)
        return SizeLimit.Cost.commit + weights * SizeLimit.Cost.weight
            + UInt64(totals.inKernel + samples.count) * SizeLimit.Cost.stack
            + UInt64(max(state.functions.count, state.trie.locations.count / 3)) * SizeLimit.Cost.hotspot
    }

    // MARK: Names

    /// Names are as long as they are: where those of all locations find no room, the locations with the fewest samples
    /// get the name of their module.
    func fitNames() {
        guard let limit, !progress.namedLocations.isEmpty else { return }
        let room = limit.roomForNames(pending: pendingBytes, weights: weightsBytes)
        let named = progress.namedLocations.map { (id: $0, frames: state.namedFrames(at: $0)) }
        guard bytes(ofNames: named) > room else { return }
        let samples = totals.samplesByLocation(in: state.trie)
        state.dropFunctions(from: progress.functions)
        // Every location can have the name of its module.
        var used = UInt64(named.count) * SizeLimit.Cost.frame
        used += state.modules.reduce(0) { $0 + SizeLimit.Cost.function + SizeLimit.Cost.text($1.path.utf8.count) }
        var without: Int64 = 0
        for (id, frames) in named.sorted(by: { samples[Int($0.id)] > samples[Int($1.id)] }) {
            let bytes = SizeLimit.Cost.bytes(of: frames)
            if used + bytes <= room {
                let known = state.functions.count
                state.setFrames(frames, at: id)
                let new = state.functions[known...].reduce(0) { $0 + ($1.map(SizeLimit.Cost.bytes(of:)) ?? 0) }
                used += UInt64(frames.count) * SizeLimit.Cost.frame + new
            } else {
                let path = state.modules[Int(state.trie.locations[Int(id)].module)].path
                state.setFrames(
                    [NamedFrame(function: "[\(path.isEmpty ? "unknown" : Function.fileName(of: path))]")], at: id)
                without += 1
            }
        }
        setQuality(QualityKey.namesNoRoom, .number(without))
    }

    private func bytes(ofNames named: [(id: UInt32, frames: [NamedFrame])]) -> UInt64 {
        let functions = state.functions[progress.functions...]
        return named.reduce(0) { $0 + UInt64($1.frames.count) * SizeLimit.Cost.frame }
            + functions.reduce(0) { $0 + ($1.map(SizeLimit.Cost.bytes(of:)) ?? 0) }
    }
}

extension SizeLimit.Cost {
    /// Of the frames of a location and functions that no other location has.
    static func bytes(of frames: [NamedFrame]) -> UInt64 {
        frames.reduce(0) { sum, named in
            let texts = [named.function, named.systemName, named.module, named.file, named.language]
            return sum + frame + function + text(texts.reduce(0) { $0 + $1.utf8.count })
        }
    }

    static func bytes(of row: FunctionRow) -> UInt64 {
        let texts = [row.name, row.systemName, row.module, row.file, row.language]
        return function + text(texts.reduce(0) { $0 + $1.utf8.count })
    }
}
