// SPDX-License-Identifier: Apache-2.0
// The recording as a file: creating it, explaining what SQLite says in the user's words.
import GRDB
import Glibc

enum RecordingFile {
    /// What belongs to a SQLite file in WAL mode, beside it.
    static let companions = ["", "-wal", "-shm"]

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

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
