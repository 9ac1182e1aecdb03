// SPDX-License-Identifier: Apache-2.0
// The recording as a file: making room for a new one, creating it, explaining what SQLite says in the user's words.
import GRDB
import Glibc

enum RecordingFile {
    /// What belongs to a SQLite file in WAL mode, beside it.
    static let companions = ["", "-wal", "-shm"]

    /// Renames what is at `path` to `<path>.old`, with its companions: a -wal left behind would be taken for the new
    /// file's, one that stays in front of the old file holds its last second.
    static func makeRoom(at path: String) throws {
        try checkDirectory(of: path)
        var status = stat()
        guard lstat(path, &status) == 0 else { return removeCompanions(of: path) }
        var target = stat()
        if stat(path, &target) == 0 && target.st_mode & S_IFMT != S_IFREG {
            throw RecordingError(
                .notPermitted, what: "cannot write", path: path, why: "it is not a regular file",
                advice: "choose another place with -o")
        }
        removeCompanions(of: path + ".old")
        for companion in companions where rename(path + companion, path + ".old" + companion) != 0 && errno != ENOENT {
            throw RecordingError(
                .notPermitted, what: "cannot rename the older", path: path, why: String(cString: strerror(errno)),
                advice: "choose another place with -o")
        }
    }

    static func create(at path: String) throws -> DatabaseQueue {
        try explain("cannot write", path) {
            var configuration = configuration()
            configuration.journalMode = .wal
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { db in
                try db.execute(sql: "PRAGMA application_id=\(RecordingFormat.applicationID)")
                try db.execute(sql: "PRAGMA user_version=\(RecordingFormat.userVersion)")
                try db.execute(sql: Schema.create)
            }
            // The main file alone then tells what it is, and which format, whatever becomes of its WAL.
            try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            return queue
        }
    }

    static func configuration() -> Configuration {
        var configuration = Configuration()
        // Ids are given by this module; checking them again costs a lookup for each sample.
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY")
        }
        return configuration
    }

    /// Runs `body` and turns SQLite's errors into `RecordingError`.
    static func explain<Result>(_ what: String, _ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw RecordingError(error, what: what, path: path)
        }
    }

    private static func checkDirectory(of path: String) throws {
        let directory = directory(of: path)
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw RecordingError(
                .directoryMissing, what: "cannot write", path: path, why: "there is no directory \(directory)",
                advice: "create it or choose another place with -o")
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw RecordingError(
                .notPermitted, what: "cannot write", path: path, why: String(cString: strerror(errno)),
                advice: "choose a directory that you may write to with -o")
        }
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func removeCompanions(of path: String) {
        unlink(path + "-wal")
        unlink(path + "-shm")
    }
}
