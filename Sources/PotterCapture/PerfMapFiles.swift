// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterRecording
import PotterSymbols

/// The perf maps of processes that make code while they run. A map is opened while its process lives, and read at the
/// end: what was written until then counts, also if the file is deleted meanwhile. One that is written at the very end,
/// as Java does with -XX:+DumpPerfMapAtExit, is looked for once more when the process is gone.
///
/// The process's code outside of all files is a module of the recording, with the map's path, whether there is one or
/// not; addresses are absolute.
final class PerfMapFiles {
    /// Maps of that many processes at most.
    private static let limit = 256
    /// Larger ones are not read, bytes.
    private static let maximumSize = 512 << 20
    private static let retryNs: UInt64 = 100_000_000

    /// A process with code outside of all files.
    private struct Maker {
        let row: Int64
        let user: uid_t
        /// When that code was first seen, Unix time: an older map of a dead process's pid is another process's.
        let since = time(nil)
        var nextTry: UInt64
    }

    private var makers: [Int32: Maker] = [:]
    private var descriptorOfRow: [Int64: Int32] = [:]
    private var rows: Set<Int64> = []

    deinit {
        for descriptor in descriptorOfRow.values { close(descriptor) }
    }

    static func isMap(modulePath path: String) -> Bool {
        path.hasPrefix("/tmp/perf-") && path.hasSuffix(".map")
    }

    /// The module row of a process's code outside of files; nil if there are too many such processes.
    func row(of pid: Int32, writer: RecordingWriter, now: UInt64) throws -> Int64? {
        if let maker = makers[pid] {
            if descriptorOfRow[maker.row] == nil, now >= maker.nextTry {
                makers[pid]?.nextTry = now + Self.retryNs
                descriptorOfRow[maker.row] = Self.open(pid)?.descriptor
            }
            return maker.row
        }
        var process = stat()
        guard rows.count < Self.limit, stat("/proc/\(pid)", &process) == 0 else { return nil }
        let map = Self.open(pid)
        let row = try writer.addModule(path: "/tmp/perf-\(pid).map", buildID: [], inode: map?.inode ?? 0, note: nil)
        // A pid that came again: with the same map it is the same code; else the names would be the first one's.
        if !rows.insert(row).inserted {
            if let map { close(map.descriptor) }
            guard map != nil, descriptorOfRow[row] != nil else { return nil }
        } else {
            descriptorOfRow[row] = map?.descriptor
        }
        makers[pid] = Maker(row: row, user: process.st_uid, nextTry: now + Self.retryNs)
        return row
    }

    /// The process is gone: whoever takes its pid later has another map.
    func forget(_ pid: Int32) {
        guard let maker = makers.removeValue(forKey: pid), descriptorOfRow[maker.row] == nil else { return }
        descriptorOfRow[maker.row] = Self.openLate(pid, maker)
    }

    func map(forModule row: Int64) -> PerfMap? {
        descriptorOfRow[row].flatMap(Self.read).map { PerfMap($0) }
    }

    /// For a recording whose collector was killed: the file, if it is still the one that was recorded.
    static func map(path: String, inode: UInt64) -> PerfMap? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, UInt64(status.st_ino) == inode
        else { return nil }
        return read(descriptor).map { PerfMap($0) }
    }

    // MARK: Files

    /// In the process's own /tmp and under the pid that it has there.
    private static func open(_ pid: Int32) -> (descriptor: Int32, inode: UInt64)? {
        var process = stat()
        guard stat("/proc/\(pid)", &process) == 0 else { return nil }
        let ownPid = ProcFiles.innermostPid(of: pid) ?? pid
        for path in ["/proc/\(pid)/root/tmp/perf-\(ownPid).map", "/tmp/perf-\(pid).map"] {
            if let map = open(path, of: process.st_uid) { return (map.descriptor, UInt64(map.status.st_ino)) }
        }
        return nil
    }

    private static func openLate(_ pid: Int32, _ maker: Maker) -> Int32? {
        guard let map = open("/tmp/perf-\(pid).map", of: maker.user) else { return nil }
        if map.status.st_mtim.tv_sec >= maker.since - 1 { return map.descriptor }
        close(map.descriptor)
        return nil
    }

    /// /tmp is everybody's: a map counts only if it is a regular file of the process's user, of ours, or of root.
    private static func open(_ path: String, of user: uid_t) -> (descriptor: Int32, status: stat)? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            [user, geteuid(), 0].contains(status.st_uid)
        {
            return (descriptor, status)
        }
        close(descriptor)
        return nil
    }

    private static func read(_ descriptor: Int32) -> [UInt8]? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(min(Int(status.st_size), maximumSize))
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while text.count < maximumSize {
            let count = pread(descriptor, &buffer, buffer.count, off_t(text.count))
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return text
    }
}
