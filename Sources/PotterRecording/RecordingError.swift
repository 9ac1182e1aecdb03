// SPDX-License-Identifier: Apache-2.0
import GRDB

/// What went wrong with a recording file, as one line: what, which file, why, and what to do.
public struct RecordingError: Error, CustomStringConvertible, Sendable {
    public enum Code: String, Sendable {
        case notFound, directoryMissing, notPermitted, diskFull, notARecording, truncated, newerFormat, inUse, io,
            misuse
    }

    public let code: Code
    public let what: String
    public let path: String
    public let why: String
    public let advice: String

    public init(_ code: Code, what: String, path: String, why: String, advice: String) {
        self.code = code
        self.what = what
        self.path = path
        self.why = why
        self.advice = advice
    }

    public var description: String {
        let line = "\(what) \(path): \(why)" + (advice.isEmpty ? "" : "; \(advice)")
        return line.replacing("\n", with: " ")
    }
}

extension RecordingError {
    /// The error that SQLite reported while doing `what`, in the user's words.
    init(_ error: DatabaseError, what: String, path: String) {
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .diskFull, what: what, path: path, why: "the disk is full",
                advice: "free some space or choose another place with -o")
        case .SQLITE_NOTADB:
            self.init(.notARecording, what: what, path: path, why: "it is not a Potter recording", advice: Self.check)
        // SQLITE_ERROR: a table or a column is missing.
        case .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH:
            self.init(
                .truncated, what: what, path: path, why: "it is truncated or damaged (\(reason))",
                advice: "copy it again, whole, with its -wal file if there is one")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.inUse, what: what, path: path, why: "another program is using it", advice: "try again later")
        case .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            self.init(
                .notPermitted, what: what, path: path, why: "permission denied (\(reason))",
                advice: "check the rights of the file and of its directory")
        default:
            self.init(
                .io, what: what, path: path, why: "\(reason) (SQLite \(error.extendedResultCode.rawValue))",
                advice: "check the disk")
        }
    }

    static let check = "give the file that `potter-prof record -o` wrote"
}
