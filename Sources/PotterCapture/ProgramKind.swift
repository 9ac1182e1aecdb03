// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a file is to the kernel and the loader, read from its head alone.
enum ProgramKind: Equatable {
    case dynamic
    case script
    case staticallyLinked
    case foreignLoader(String)
    case unreadable

    static let nativeLoader = "ld-linux-x86-64.so.2"

    /// `path`: a C string.
    init(path: [CChar]) {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else {
            self = .unreadable
            return
        }
        defer { close(fd) }
        self = Self.read(fd)
    }

    private static func read(_ fd: Int32) -> ProgramKind {
        guard let head = bytes(fd, at: 0, count: 64), head.count >= 2 else { return .unreadable }
        if head[0] == 0x23, head[1] == 0x21 { return .script }
        guard head.count == 64, head[0..<4] == [0x7f, 0x45, 0x4c, 0x46] else { return .script }  // the shell's business
        guard head[4] == 2, u16(head, 18) == 62 else { return .foreignLoader("of another machine or word size") }
        let table = u64(head, 32)
        let size = Int(u16(head, 54))
        for i in 0..<Int(min(u16(head, 56), 64)) where size >= 56 {
            guard let header = bytes(fd, at: table &+ UInt64(i * size), count: 56), header.count == 56 else {
                return .unreadable
            }
            guard header[0] == 3, header[1] == 0, header[2] == 0, header[3] == 0 else { continue }  // PT_INTERP
            let name = bytes(fd, at: u64(header, 8), count: Int(min(u64(header, 32), 255))) ?? []
            let loader = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            return loader.hasSuffix("/" + nativeLoader) ? .dynamic : .foreignLoader(loader)
        }
        return .staticallyLinked
    }

    private static func bytes(_ fd: Int32, at offset: UInt64, count: Int) -> [UInt8]? {
        guard offset < UInt64(Int64.max) else { return nil }
        var buffer = [UInt8](repeating: 0, count: count)
        let n = pread(fd, &buffer, count, off_t(offset))
        return n < 0 ? nil : Array(buffer[0..<n])
    }

    private static func u16(_ b: [UInt8], _ at: Int) -> UInt16 { UInt16(b[at]) | UInt16(b[at + 1]) << 8 }
    private static func u64(_ b: [UInt8], _ at: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(b[at + $1]) << UInt64(8 * $1) }
    }
}
