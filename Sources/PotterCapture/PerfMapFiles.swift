// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterRecording
import PotterSymbols

/// The perf maps of processes that make code while they run. A map is opened while its process lives, and read at the
/// end: what was written until then counts, also if the file is deleted meanwhile.
///
/// The process's code outside of all files is a module of the recording, with the map's path; addresses are absolute.
final class PerfMapFiles {
    /// Maps of that many processes at most.
    private static let limit = 256
    /// Larger ones are not read, bytes.
    private static let maximumSize = 512 << 20
    private static let retryNs: UInt64 = 100_000_000

    private var rowOfProcess: [Int32: Int64] = [:]
    private var descriptorOfRow: [Int64: Int32] = [:]
    private var nextTry: [Int32: UInt64] = [:]

    deinit {
        for descriptor in descriptorOfRow.values { close(descriptor) }
    }

    static func isMap(modulePath path: String) -> Bool {
        path.hasPrefix("/tmp/perf-") && path.hasSuffix(".map")
    }

    /// The module row of a process's code outside of files; nil as long as the process has no map.
    func row(of pid: Int32, writer: RecordingWriter, now: UInt64) throws -> Int64? {
        if let row = rowOfProcess[pid] { return row }
        guard descriptorOfRow.count < Self.limit, now >= nextTry[pid] ?? 0 else { return nil }
        nextTry[pid] = now + Self.retryNs
        guard let map = Self.open(pid) else { return nil }
        let row = try writer.addModule(path: "/tmp/perf-\(pid).map", buildID: [], inode: map.inode, note: nil)
        rowOfProcess[pid] = row
        // A pid that came again, with the same file.
        if descriptorOfRow[row] != nil { close(map.descriptor) } else { descriptorOfRow[row] = map.descriptor }
        return row
    }

    /// A process that takes this pid later has another map.
    func forget(_ pid: Int32) {
        rowOfProcess[pid] = nil
        nextTry[pid] = nil
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

    /// In the process's own /tmp and under the pid that it has there. /tmp is everybody's: a map counts only if it is
    /// a regular file of the process's user, of ours, or of root.
    private static func open(_ pid: Int32) -> (descriptor: Int32, inode: UInt64)? {
        var process = stat()
        guard stat("/proc/\(pid)", &process) == 0 else { return nil }
        let ownPid = ProcFiles.innermostPid(of: pid) ?? pid
        for path in ["/proc/\(pid)/root/tmp/perf-\(ownPid).map", "/tmp/perf-\(pid).map"] {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                [process.st_uid, geteuid(), 0].contains(status.st_uid)
            {
                return (descriptor, UInt64(status.st_ino))
            }
            close(descriptor)
        }
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
