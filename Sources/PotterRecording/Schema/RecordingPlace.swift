// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The place of a new recording, ours as long as this lives.
///
///  1. Only a recording, or an empty file, is moved out of the way, to `<path>.old`: -o may have been a slip, and the
///     program itself was once renamed by it.
///  2. Two recorders never write one file: who records holds a lock on it (flock, which SQLite's own locks do not meet),
///     and a file is made only where there is none.
final class RecordingPlace {
    /// The file itself, where the path given was a symbolic link.
    let path: String
    private let lock: Int32

    init(claiming path: String) throws {
        self.path = try Self.resolve(path)
        try Self.checkDirectory(of: self.path)
        try Self.makeRoom(at: self.path)
        lock = open(self.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard lock >= 0 else {
            throw errno == EEXIST ? Self.inUse(self.path) : Self.refusal(self.path, Self.why(errno))
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Self.inUse(self.path) }
    }

    deinit { close(lock) }

    private static func resolve(_ path: String) throws -> String {
        let directory = RecordingFile.directory(of: path)
        if directory == "/dev" || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/") {
            throw refusal(path, "it is not a regular file")
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let resolved = realpath(path, nil) else {
            throw refusal(path, "it is a symbolic link that leads nowhere")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func checkDirectory(of path: String) throws {
        let directory = RecordingFile.directory(of: path)
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw RecordingError(
                .directoryMissing, what: "cannot write", path: path, why: "there is no directory \(directory)",
                advice: "create it or choose another place with -o")
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw RecordingError(
                .notPermitted, what: "cannot write", path: path, why: why(errno),
                advice: "choose a directory that you may write to with -o")
        }
    }

    /// Renames a recording at `path` to `<path>.old`, with its companions: a -wal left behind would be taken for the new
    /// file's, one that stays in front of the old file holds its last second.
    private static func makeRoom(at path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { return removeCompanions(of: path) }
        try checkReplaceable(path)
        let old = path + ".old"
        if stat(old, &status) == 0 { try checkReplaceable(old) }
        removeCompanions(of: old)
        for companion in RecordingFile.companions
        where rename(path + companion, old + companion) != 0 && errno != ENOENT {
            throw RecordingError(
                .notPermitted, what: "cannot rename the older", path: path, why: why(errno),
                advice: "choose another place with -o")
        }
    }

    private static func checkReplaceable(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw refusal(path, why(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refusal(path, "it is not a regular file")
        }
        guard status.st_size == 0 || RecordingHeader.isRecording(descriptor) else {
            throw refusal(path, "a file that is not a recording is there")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw inUse(path) }
    }

    private static func removeCompanions(of path: String) {
        unlink(path + "-wal")
        unlink(path + "-shm")
    }

    private static func refusal(_ path: String, _ why: String) -> RecordingError {
        RecordingError(
            .notPermitted, what: "cannot write", path: path, why: why, advice: "choose another place with -o")
    }

    private static func inUse(_ path: String) -> RecordingError {
        RecordingError(
            .inUse, what: "cannot write", path: path, why: "another potter-prof is recording to it",
            advice: "choose another place with -o")
    }

    private static func why(_ code: Int32) -> String { String(cString: strerror(code)) }
}
