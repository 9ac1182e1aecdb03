// SPDX-License-Identifier: Apache-2.0
import GRDB
import PotterProfile

extension RecordingWriter {
    /// Ends the recording: writes what is pending and what reports read, folds the WAL into the file, so that the file
    /// alone holds everything, and closes it.
    public func finish() throws {
        try commit()
        try RecordingFile.explain("cannot finish", path) {
            try queue.write { db in try writeRun(db, finished: true) }
            try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode=DELETE") }
        }
        try close()
    }
}
