// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc

/// A sealed memfd, mapped shared; closed and unmapped when it goes. Throws `NoRoom`.
final class SharedMemory: @unchecked Sendable {
    let descriptor: Int32
    let base: UnsafeMutableRawPointer
    let size: UInt64

    init(name: String, size: UInt64, reserved: UInt64) throws {
        let fd = potter_memfd(name, size, reserved)
        guard fd >= 0 else {
            throw NoRoom(
                description: "cannot make shared memory (\(size >> 20) MiB): \(errorText(fd)); "
                    + (fd == -EFBIG ? "raise the hard limit of `ulimit -f`" : "free some memory or raise the limit"))
        }
        guard let base = potter_map_shared(fd, size) else {
            let error = -errno
            close(fd)
            throw NoRoom(
                description: "cannot map shared memory (\(size >> 20) MiB): \(errorText(error)); raise `ulimit -v`")
        }
        descriptor = fd
        self.base = base
        self.size = size
    }

    var inode: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    deinit {
        munmap(base, Int(size))
        close(descriptor)
    }
}

/// The text of a negative errno.
func errorText(_ negative: some BinaryInteger) -> String {
    String(cString: strerror(Int32(truncatingIfNeeded: -Int64(negative))))
}

/// The session memory of one program image. What is in it comes from the target: every value read is a claim.
final class SessionMemory: @unchecked Sendable {
    let memory: SharedMemory
    let header: UnsafeMutablePointer<pp_session>

    init(size: UInt64 = pp_session_size(), configure: (UnsafeMutablePointer<pp_session>) -> Void) throws {
        memory = try SharedMemory(name: "potter-session", size: size, reserved: pp_session_reserved())
        header = memory.base.assumingMemoryBound(to: pp_session.self)
        pp_session_init(header)
        configure(header)
    }

    func process(_ slot: UInt32) -> UnsafeMutablePointer<pp_process> { pp_session_process(header, slot) }
    func thread(_ slot: UInt32) -> UnsafeMutablePointer<pp_thread> { pp_session_thread(header, slot) }
    func module(_ slot: UInt32) -> UnsafeMutablePointer<pp_module> { pp_session_module(header, slot) }

    func foreignPrograms() -> [String: UInt64] {
        var programs: [String: UInt64] = [:]
        var (path, count): (UInt32, UInt32) = (0, 0)
        for slot in 0..<UInt32(PP_FOREIGN_SLOTS) where pp_session_foreign(header, slot, &path, &count) {
            programs[string(at: path), default: 0] += UInt64(count)
        }
        return programs
    }

    func path(of module: UnsafeMutablePointer<pp_module>) -> String { string(at: module.pointee.path) }

    private func string(at offset: UInt32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            pp_session_copy_path(header, offset, base, 4096)
            return String(cString: base)
        }
    }

    func buildID(of module: UnsafeMutablePointer<pp_module>) -> [UInt8] {
        let size = min(Int(module.pointee.build_id_size), 20)
        return withUnsafeBytes(of: module.pointee.build_id) { Array($0.prefix(size)) }
    }
}
