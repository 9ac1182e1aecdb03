// SPDX-License-Identifier: Apache-2.0
// The first 100 bytes of a SQLite file, read before SQLite is: they tell a foreign, a cut or a newer file apart, where
// SQLite would say "file is not a database" or, worse, nothing until the missing page is needed.
import Glibc

public struct RecordingHeader {
    private static let magic = Array("SQLite format 3\0".utf8)
    private static let size = 100

    /// True while SQLite keeps changes in a -wal beside the file: the recording is not finished.
    let usesWAL: Bool

    /// Throws unless the file can be a whole recording of a format that this reader knows.
    @discardableResult
    static func check(_ path: String) throws -> RecordingHeader {
        let (bytes, fileSize) = try read(path)
        func number(at offset: Int) -> Int {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.starts(with: magic.prefix(bytes.count)) else { throw foreign(path) }
        guard bytes.count == size else { throw truncated(path, "it has only \(fileSize) bytes") }
        guard number(at: 68) == Int(RecordingFormat.applicationID) else { throw foreign(path) }
        let version = number(at: 60)
        guard version >= 1000 else { throw foreign(path) }  // no version of ours was lower
        guard version / 1000 <= RecordingFormat.major else { throw newer(path, version) }
        let pageSize = max(512, Int(bytes[16]) << 8 | Int(bytes[17]) << 16)
        let expected = number(at: 28) * pageSize
        let usesWAL = bytes[18] == 2 || bytes[19] == 2
        // The disk may have been full while pages went from the -wal to the file: the -wal still has them all then.
        guard fileSize >= expected || (usesWAL && access(path + "-wal", F_OK) == 0) else {
            throw truncated(path, "it has \(fileSize) of \(expected) bytes")
        }
        return RecordingHeader(usesWAL: usesWAL)
    }

    /// Whether an open file is a recording of ours, whole or not, of whatever version.
    public static func isRecording(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: size)
        guard pread(descriptor, &bytes, size, 0) == size, bytes.starts(with: magic) else { return false }
        return bytes[68..<72].reduce(0) { $0 << 8 | Int($1) } == Int(RecordingFormat.applicationID)
    }

    private static func read(_ path: String) throws -> (bytes: [UInt8], fileSize: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw cannotOpen(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw foreign(path) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, 0)
        guard count > 0 else { throw truncated(path, "it is empty") }
        return (Array(bytes.prefix(count)), Int(status.st_size))
    }

    // MARK: Errors

    private static func cannotOpen(_ path: String, _ code: Int32) -> RecordingError {
        let why = String(cString: strerror(code))
        guard code == ENOENT else {
            return RecordingError(
                .notPermitted, what: "cannot read", path: path, why: why, advice: "check the rights of the file")
        }
        return RecordingError(
            .notFound, what: "cannot read", path: path, why: why,
            advice: "record one with `potter-prof record -- COMMAND`, or name it with -i")
    }

    private static func foreign(_ path: String) -> RecordingError {
        RecordingError(
            .notARecording, what: "cannot read", path: path, why: "it is not a Potter recording",
            advice: RecordingError.check)
    }

    private static func truncated(_ path: String, _ why: String) -> RecordingError {
        RecordingError(
            .truncated, what: "cannot read", path: path, why: "it is truncated: \(why)",
            advice: "copy it again, whole, with its -wal file if there is one")
    }

    private static func newer(_ path: String, _ version: Int) -> RecordingError {
        RecordingError(
            .newerFormat, what: "cannot read", path: path,
            why: "its format is \(version / 1000).\(version % 1000), this potter-prof reads up to "
                + "\(RecordingFormat.major).x",
            advice: "use the potter-prof that wrote it, or a newer one")
    }
}
