// SPDX-License-Identifier: Apache-2.0
// Turns the call frame information of a module into the table that the recorder's unwinder looks rules up in
// (pp_unwind_table.h). Pure but for reading the file. The file may be hostile; whatever it says, the table is sound.

import CPotterWire

#if canImport(Glibc)
    import Glibc
#endif

/// Why a module could not be read.
public struct UnwindTableError: Error, CustomStringConvertible {
    public let operation: String
    public let errno: Int32
    public internal(set) var path = ""

    init(_ operation: String, _ errno: Int32) {
        self.operation = operation
        self.errno = errno
    }

    public var description: String { "\(operation) \(path): \(String(cString: strerror(errno)))" }
}

public struct UnwindTableBuilder {
    private static let smallestBlockShift: UInt32 = 8  // A row per 30 bytes of code: about 8 rows, one cache line.

    /// The table of an ELF file; nil if it is none for this architecture, or has no code.
    public static func table(path: String) throws -> [UInt8]? {
        try table(path: path, for: .native)
    }

    static func table(path: String, for architecture: FrameArchitecture) throws -> [UInt8]? {
        try withImage(path) { build($0, architecture) }
    }

    /// The table of an ELF image in memory (the vDSO).
    public static func table(image: UnsafeRawBufferPointer, name: String) throws -> [UInt8]? {
        table(image: image, for: .native)
    }

    static func table(image: UnsafeRawBufferPointer, for architecture: FrameArchitecture) -> [UInt8]? {
        build(ImageBytes(image), architecture)
    }

    /// The table that call frame information alone makes.
    static func frameTable(path: String, for architecture: FrameArchitecture = .native) throws -> [UInt8]? {
        try withImage(path) { bytes in
            guard let image = FrameImage(bytes, for: architecture), let rows = frames(of: image) else { return nil }
            return encode(rows, code: image.code)
        }
    }

    static func withImage<T>(_ path: String, _ body: (ImageBytes) throws -> T) throws -> T {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // O_NONBLOCK: the path may name a FIFO
        do {
            guard descriptor >= 0 else { throw UnwindTableError("open", errno) }
            defer { close(descriptor) }
            return try body(try ImageBytes(descriptor: descriptor))
        } catch var error as UnwindTableError {
            error.path = path
            throw error
        }
    }

    private static func build(_ bytes: ImageBytes, _ architecture: FrameArchitecture) -> [UInt8]? {
        guard let image = FrameImage(bytes, for: architecture), var rows = frames(of: image) else { return nil }
        if architecture.isArm {
            describeStubs(&rows, image, bytes)
        } else {
            synthesize(&rows, image, bytes)
        }
        return encode(rows, code: image.code)
    }

    /// The analysis of machine code knows x86-64 alone: on arm64 functions without call frame information are left to
    /// their frame records, which its ABI asks of them.
    private static func describeStubs(_ rows: inout UnwindRows, _ image: FrameImage, _ bytes: ImageBytes) {
        for section in image.codeSections {
            guard let code = bytes.read(section.offset, section.end - section.start) else { continue }
            code.withUnsafeBytes { rows.describeStubs($0, at: section.start) }
        }
    }

    private static func synthesize(_ rows: inout UnwindRows, _ image: FrameImage, _ bytes: ImageBytes) {
        let functions = FunctionAddresses.all(image.headers, bytes)
        for section in image.codeSections {
            guard let code = bytes.read(section.offset, section.end - section.start) else { continue }
            code.withUnsafeBytes {
                rows.endStacks($0, at: section.start)
                rows.endAtExceptionReturns($0, at: section.start)
                rows.synthesize($0, at: section.start, functions: functions) { image.numbers(bytes, at: $0, count: $1) }
            }
        }
    }

    /// What the call frame information says.
    private static func frames(of image: FrameImage) -> UnwindRows? {
        guard let base = image.code.first?.start, let limit = image.code.map(\.end).max(),
            limit > base, limit - base <= UInt64(UInt32.max)
        else { return nil }
        var rows = UnwindRows(image.architecture, base: base, limit: limit)
        for section in image.sections {
            if section.format == .ehFrame {
                rows.append(section)
            } else {
                rows.fill(from: section)
            }
        }
        return rows
    }

    private static func encode(_ table: UnwindRows, code: [CodeSegment]) -> [UInt8] {
        var table = table
        let (base, limit) = (table.base, table.limit)
        let rows = table.finish()
        let (first, shift) = blockIndex(rows, size: limit - base)
        var header = pp_unwind_table()
        header.magic = UInt32(PP_UNWIND_MAGIC)
        header.row_count = UInt32(rows.count)
        header.base = base
        header.limit = limit
        if let largest = code.filter(\.isReadable).max(by: { $0.end - $0.start < $1.end - $1.start }) {
            header.code_start = largest.start
            header.code_end = largest.end
        }
        header.rows = UInt32(MemoryLayout<pp_unwind_table>.size)
        header.first = header.rows + UInt32(rows.count * 8)
        header.first_shift = shift
        let layouts = table.layouts.all
        let end = header.first + UInt32(first.count * 4)
        header.layouts = layouts.isEmpty ? 0 : (end + 15) & ~15  // a layout does not cross a cache line
        header.size = layouts.isEmpty ? UInt64(end) : UInt64(header.layouts) + UInt64(layouts.count * 16)
        var blob: [UInt8] = []
        blob.reserveCapacity(Int(header.size))
        withUnsafeBytes(of: header) { blob += $0 }
        rows.withUnsafeBytes { blob += $0 }
        first.withUnsafeBytes { blob += $0 }
        guard !layouts.isEmpty else { return blob }
        blob += [UInt8](repeating: 0, count: Int(header.layouts - end))
        for layout in layouts { withUnsafeBytes(of: pp_unwind_layout(layout)) { blob += $0 } }
        return blob
    }

    /// For each block of addresses the last row at or before its start, and one more for the end. Never much larger
    /// than the rows, however large a hostile file says that it is.
    private static func blockIndex(_ rows: [UInt64], size: UInt64) -> (first: [UInt32], shift: UInt32) {
        var shift = smallestBlockShift
        while (size - 1) >> shift > UInt64(rows.count) + 64 { shift += 1 }
        let blocks = (size - 1) >> shift + 1
        var first: [UInt32] = []
        first.reserveCapacity(Int(blocks) + 1)
        var row = 0
        for block in 0..<blocks {
            let start = block << shift
            while row + 1 < rows.count, rows[row + 1] >> 32 <= start { row += 1 }
            first.append(UInt32(row))
        }
        first.append(UInt32(rows.count - 1))
        return (first, shift)
    }
}
