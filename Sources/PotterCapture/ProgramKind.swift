// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a file is to the kernel and the loader, read from its head alone.
enum ProgramKind: Equatable {
    /// `first`: a sanitizer's runtime, to be loaded before the recorder.
    case dynamic(first: String?)
    case script
    case staticallyLinked
    case foreignLoader(String)
    case unreadable

    // elf(5): EM_AARCH64, EM_X86_64
    #if arch(arm64)
        static let nativeLoader = "ld-linux-aarch64.so.1"
        private static let nativeMachine: UInt16 = 183
    #else
        static let nativeLoader = "ld-linux-x86-64.so.2"
        private static let nativeMachine: UInt16 = 62
    #endif

    // elf(5): kinds of segments, tags of dynamic entries
    private static let load = 1, dynamicSection = 2, interpreter = 3
    private static let end: UInt64 = 0, needed: UInt64 = 1, stringTable: UInt64 = 5

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
        guard head[4] == 2, u16(head, 18) == nativeMachine else {
            return .foreignLoader("of another machine or word size")
        }
        let size = Int(u16(head, 54))
        guard size >= 56, let table = bytes(fd, at: u64(head, 32), count: size * Int(min(u16(head, 56), 64))) else {
            return .unreadable
        }
        let segments = stride(from: 0, to: table.count - 55, by: size).map { Segment(table, $0) }
        guard let loaderName = segments.first(where: { $0.type == interpreter }) else { return .staticallyLinked }
        let loader = text(fd, at: loaderName.offset)
        guard loader.hasPrefix("/") else { return .unreadable }  // damaged: the kernel says what it thinks of it
        guard loader.hasSuffix("/" + nativeLoader) else { return .foreignLoader(loader) }
        return .dynamic(first: firstLibrary(fd, segments).flatMap { isSanitizer($0) ? $0 : nil })
    }

    private struct Segment {
        let type: Int
        let offset, address, size: UInt64

        init(_ table: [UInt8], _ at: Int) {
            type = Int(u64(table, at) & 0xffff_ffff)
            (offset, address, size) = (u64(table, at + 8), u64(table, at + 16), u64(table, at + 32))
        }
    }

    /// The recorder has the same rule for children: image_linux.c.
    private static func isSanitizer(_ library: String) -> Bool {
        let runtimes = ["libasan.so", "libhwasan.so", "libtsan.so", "liblsan.so", "libubsan.so", "libclang_rt."]
        return !library.contains { "/$: ".contains($0) } && runtimes.contains { library.hasPrefix($0) }
    }

    /// The first DT_NEEDED.
    private static func firstLibrary(_ fd: Int32, _ segments: [Segment]) -> String? {
        guard let dynamic = segments.first(where: { $0.type == dynamicSection }),
            let entries = bytes(fd, at: dynamic.offset, count: 1024)
        else { return nil }
        var tags: [UInt64: UInt64] = [:]
        for at in stride(from: 0, to: entries.count - 15, by: 16) {
            let tag = u64(entries, at)
            if tag == end { break }
            tags[tag] = tags[tag] ?? u64(entries, at + 8)
        }
        guard let name = tags[needed], let strings = tags[stringTable],
            let segment = segments.first(where: { $0.type == load && strings &- $0.address < $0.size })
        else { return nil }
        return text(fd, at: segment.offset &+ (strings &- segment.address) &+ name)
    }

    /// A string of the file, at most 255 bytes of it.
    private static func text(_ fd: Int32, at offset: UInt64) -> String {
        String(decoding: (bytes(fd, at: offset, count: 255) ?? []).prefix { $0 != 0 }, as: UTF8.self)
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
