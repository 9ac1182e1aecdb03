// SPDX-License-Identifier: Apache-2.0
// From a recording in any state to an open, finished one.
//
//   finished                        open it, read-only
//   collector killed                finish it where it lies, if its locations can be named and the place be written and
//                                   has room
//   collector killed, otherwise     finish a copy, which vanishes with the reader
//   collector still running         finish a copy of what it has committed so far
//   other names are wanted          finish a copy again, with these
//
// SQLite tells the dead from the living: leaving WAL mode needs the file for oneself, and a collector keeps it open.
import GRDB
import Glibc
import PotterProfile

struct Recovery {
    let path: String
    let nameLocations: ((RecordingWriter) throws -> Void)?
    /// Gives locations that have names others, for this reader alone.
    var renameLocations: ((RecordingWriter) throws -> Void)?
    /// Where copies go.
    var temporaryParent = TemporaryDirectory.defaultParent

    func openFinished() throws -> DatabaseQueue {
        if renameLocations != nil { return try finishCopy() }
        if try RecordingHeader.check(path).usesWAL {
            if nameLocations != nil, try finishInPlace() { return try openReadOnly(path) }
            return try finishCopy()
        }
        let queue = try openReadOnly(path)
        return try isFinished(queue) ? queue : try finishCopy()
    }

    // MARK: In place

    /// False if the file is in use or cannot be written.
    private func finishInPlace() throws -> Bool {
        let directory = RecordingFile.directory(of: path)
        guard access(path, W_OK) == 0, access(directory, W_OK) == 0 else { return false }
        var configuration = RecordingFile.configuration()
        configuration.busyMode = .immediateError
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                // Succeeds only for the sole user of the file.
                try db.execute(sql: "PRAGMA journal_mode=DELETE")
                try db.execute(sql: "PRAGMA journal_mode=WAL")
            }
            try finish(queue, path)
            return true
        } catch let error as DatabaseError where Self.meansBusyOrReadOnly(error) || Self.meansNoRoom(error) {
            return false
        } catch let error as DatabaseError {
            throw RecordingError(error, what: "cannot recover", path: path)
        }
    }

    private static func meansBusyOrReadOnly(_ error: DatabaseError) -> Bool {
        [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM].contains(error.resultCode)
    }

    private static func meansNoRoom(_ error: DatabaseError) -> Bool {
        [.SQLITE_FULL, .SQLITE_IOERR].contains(error.resultCode)
    }

    private func finish(_ queue: DatabaseQueue, _ place: String) throws {
        let wasFinished = renameLocations != nil ? try reopen(queue) : false
        let loaded = try queue.read { db in try StateLoader(db, path: path).load() }
        let writer = RecordingWriter(path: place, queue: queue, state: loaded.state, totals: loaded.totals)
        if !wasFinished { writer.setQuality(QualityKey.recovered, .number(1)) }
        writer.lastSampleNs = loaded.lastSampleNs
        try nameLocations?(writer)
        try renameLocations?(writer)
        try writer.finish()
    }

    /// Takes back what the end of a recording wrote. False if it had no end yet.
    private func reopen(_ queue: DatabaseQueue) throws -> Bool {
        guard try isFinished(queue) else { return false }
        try queue.write { db in
            for table in ["aggregate", "thread_total", "hotspot"] { try db.execute(sql: "DELETE FROM \(table)") }
            try db.execute(sql: "UPDATE run SET finished=0")
        }
        return true
    }

    // MARK: In a copy

    private func finishCopy() throws -> DatabaseQueue {
        let directory = try TemporaryDirectory(in: temporaryParent)
        defer { directory.remove() }
        let copy = directory.path + "/recording"
        return try RecordingFile.explain("cannot recover", path) {
            if try !backUp(to: copy) { try copyFiles(to: copy) }
            let queue = try DatabaseQueue(path: copy, configuration: RecordingFile.configuration())
            try finish(queue, copy)
            // The file is unlinked when this returns; SQLite keeps it open and needs no name to read it.
            return try openReadOnly(copy)
        }
    }

    /// Through SQLite, which sees a consistent state even while a collector writes. False if it cannot open the file:
    /// in a read-only place it would have to create the -shm.
    private func backUp(to copy: String) throws -> Bool {
        do {
            var configuration = RecordingFile.configuration()
            configuration.readonly = true
            let source = try DatabaseQueue(path: path, configuration: configuration)
            let target = try DatabaseQueue(path: copy, configuration: RecordingFile.configuration())
            try source.backup(to: target)
            try target.close()
            return true
        } catch let error as DatabaseError where Self.meansBusyOrReadOnly(error) || Self.meansNoRoom(error) {
            return false
        }
    }

    private func copyFiles(to copy: String) throws {
        for companion in ["", "-wal"] {
            unlink(copy + companion)
            guard access(path + companion, F_OK) == 0 else { continue }
            try FileCopy.copy(from: path + companion, to: copy + companion)
        }
    }

    // MARK: Opening

    private func openReadOnly(_ place: String) throws -> DatabaseQueue {
        try RecordingFile.explain("cannot read", path) {
            var configuration = RecordingFile.configuration()
            configuration.readonly = true
            return try DatabaseQueue(path: place, configuration: configuration)
        }
    }

    private func isFinished(_ queue: DatabaseQueue) throws -> Bool {
        try RecordingFile.explain("cannot read", path) {
            try queue.read { db in try RawStatement.number(db, "SELECT finished FROM run") == 1 }
        }
    }
}
