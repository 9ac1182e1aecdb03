// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What /proc says about a process. Every function answers nil when the process is gone or may not be read.
enum ProcFiles {
    /// The whole of a small file.
    static func read(_ path: String) -> String? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let n = Glibc.read(fd, &buffer, buffer.count)
            guard n > 0 else { break }
            bytes.append(contentsOf: buffer[0..<n])
            if bytes.count > 16 << 20 { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// CPU time of a thread in ns, user and kernel; exact but for the tick that runs.
    static func threadCPU(pid: Int32, tid: Int32) -> UInt64? {
        guard let text = read("/proc/\(pid)/task/\(tid)/schedstat") else { return nil }
        return text.split(separator: " ").first.flatMap { UInt64($0) }
    }

    /// CPU time of all threads of a process in ns, exact; also of a zombie that nobody has reaped yet.
    static func processCPU(pid: Int32) -> UInt64? {
        let clock = clockid_t(truncatingIfNeeded: (~Int32(pid) << 3) | 2)  // CPUCLOCK_SCHED, see clock_getcpuclockid
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Whether a thread is one of this process. Nothing that a target claims may point a clock at somebody else's.
    static func hasThread(pid: Int32, tid: Int32) -> Bool {
        tid > 0 && access("/proc/\(pid)/task/\(tid)", F_OK) == 0
    }

    /// Whether a thread has certainly ended; false where /proc cannot be read for another reason (no descriptor left).
    static func isGone(pid: Int32, tid: Int32) -> Bool {
        access("/proc/\(pid)/task/\(tid)", F_OK) != 0 && (errno == ENOENT || errno == ESRCH)
    }

    /// Whether a process has a file with this inode mapped.
    static func maps(pid: Int32, inode: UInt64) -> Bool {
        let number = " \(inode) "
        return read("/proc/\(pid)/maps")?.split(separator: "\n").contains {
            $0.contains("potter-session") && $0.contains(number)
        } ?? false
    }

    static func threadName(pid: Int32, tid: Int32) -> String? {
        read("/proc/\(pid)/task/\(tid)/comm").map { String($0.prefix { $0 != "\n" }) }
    }

    static func threads(of pid: Int32) -> [Int32] { numbers(in: "/proc/\(pid)/task") }

    /// All processes that /proc shows.
    static var processes: [Int32] { numbers(in: "/proc") }

    private static func numbers(in path: String) -> [Int32] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var numbers: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name) { numbers.append(number) }
        }
        return numbers
    }

    static func executable(of pid: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let n = buffer.withUnsafeMutableBytes {
            readlink("/proc/\(pid)/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return n > 0 ? String(decoding: buffer[0..<n], as: UTF8.self) : nil
    }

    static func commandLine(of pid: Int32) -> String? {
        read("/proc/\(pid)/cmdline").map { text in
            text.split(separator: "\0", omittingEmptySubsequences: true).joined(separator: " ")
        }
    }

    /// The pid that a process has for itself, in its innermost namespace.
    static func innermostPid(of pid: Int32) -> Int32? {
        guard let text = read("/proc/\(pid)/status"), let line = text.firstRange(of: "\nNSpid:") else { return nil }
        return text[line.upperBound...].prefix { $0 != "\n" }.split(whereSeparator: \.isWhitespace).last.flatMap {
            Int32($0)
        }
    }

    /// The parent's pid.
    /// Descriptors that this process holds.
    static var openDescriptors: Int {
        guard let directory = opendir("/proc/self/fd") else { return 3 }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        return entries - 3  // ".", ".." and the directory's own
    }

    /// Whether a process is stopped (job control), not merely asleep.
    static func isStopped(_ pid: Int32) -> Bool {
        guard let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return false }
        return text[close...].dropFirst(2).first == "T"
    }

    static func parent(of pid: Int32) -> Int32? {
        guard let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    /// Whether `signal` has a handler in thread `tid` (SigCgt).
    static func catches(_ signal: Int32, pid: Int32, tid: Int32) -> Bool {
        mask("SigCgt", pid: pid, tid: tid).map { $0 >> UInt64(signal - 1) & 1 == 1 } ?? false
    }

    /// Whether thread `tid` blocks `signal` (SigBlk).
    static func blocks(_ signal: Int32, pid: Int32, tid: Int32) -> Bool {
        mask("SigBlk", pid: pid, tid: tid).map { $0 >> UInt64(signal - 1) & 1 == 1 } ?? false
    }

    /// Whether thread `tid` sleeps, and blocks `signal`.
    static func sleepsBlocking(_ signal: Int32, pid: Int32, tid: Int32) -> Bool {
        guard let text = read("/proc/\(pid)/task/\(tid)/status"), let state = text.firstRange(of: "\nState:\t"),
            "SD".contains(text[state.upperBound])
        else { return false }
        return (mask("SigBlk", in: text) ?? 0) >> UInt64(signal - 1) & 1 == 1
    }

    /// Whether thread `tid` neither has `signal` pending nor blocks it, as it does in its handler. true: it is gone.
    static func isClear(of signal: Int32, pid: Int32, tid: Int32) -> Bool {
        guard let text = read("/proc/\(pid)/task/\(tid)/status") else { return true }
        return ["SigPnd", "SigBlk"].allSatisfy { (mask($0, in: text) ?? 0) >> UInt64(signal - 1) & 1 == 0 }
    }

    private static func mask(_ name: String, pid: Int32, tid: Int32) -> UInt64? {
        read("/proc/\(pid)/task/\(tid)/status").flatMap { mask(name, in: $0) }
    }

    private static func mask(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16)
        }
        return nil
    }
}
