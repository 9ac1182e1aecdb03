// SPDX-License-Identifier: Apache-2.0
// How much of a file's code the unwinder has rules for, in the very table that a recording would use, and where the rules
// come from. `potter-prof doctor` asks.

import CPotterWire

public struct UnwindCoverage: Sendable {
    /// Bytes of code; padding between functions is known by the rules, and is not counted.
    public private(set) var code: UInt64 = 0
    /// Bytes with a rule from call frame information.
    public private(set) var described: UInt64 = 0
    /// Bytes with a rule from the analysis of the machine code.
    public private(set) var synthesized: UInt64 = 0
    /// Bytes whose rule cannot be expressed in a row: the walk ends there.
    public private(set) var unsupported: UInt64 = 0
    /// Functions that call frame information describes.
    public private(set) var functions = 0
    /// Of these, the functions that set up a frame pointer: they find their caller by rbp, or x29.
    public private(set) var withFramePointer = 0

    /// Whether machine code without call frame information is analysed: it is that of x86-64.
    public static let analysesCode = !FrameArchitecture.native.isArm

    /// Bytes without any rule.
    public var uncovered: UInt64 { code - min(code, described + synthesized + unsupported) }

    /// Nil if the file is no ELF file for this architecture, or has no code.
    /// - Throws: `UnwindTableError` where the file cannot be read.
    public init?(path: String) throws {
        try self.init(path: path, for: .native)
    }

    init?(path: String, for architecture: FrameArchitecture) throws {
        guard let table = try UnwindTableBuilder.table(path: path, for: architecture),
            let rows = UnwindRuleList(table)
        else { return nil }
        let isPadding = architecture.isArm ? Self.isArmPadding : Self.isPadding
        let functions = try FunctionRanges(path: path, for: architecture)
        let sections = try UnwindTableBuilder.withImage(path) { bytes -> [(UInt64, [UInt8])] in
            (FrameImage(bytes, for: architecture)?.codeSections ?? []).compactMap { section in
                bytes.read(section.offset, section.end - section.start).map { (section.start, $0) }
            }
        }
        for (start, code) in sections { add(code, at: start, rows, functions, isPadding) }
        self.functions = functions.count
        withFramePointer = functions.all.count { rows.usesFramePointer(in: $0) }
    }

    private mutating func add(
        _ code: [UInt8], at start: UInt64, _ rows: UnwindRuleList, _ functions: FunctionRanges,
        _ isPadding: (ArraySlice<UInt8>) -> Bool
    ) {
        rows.forEach(in: start..<start + UInt64(code.count)) { range, rule in
            let bytes = UInt64(range.upperBound - range.lowerBound)
            if rule & 15 == PP_UNWIND_NONE.rawValue {
                let piece = code[Int(range.lowerBound - start)..<Int(range.upperBound - start)]
                if !isPadding(piece) { self.code += bytes }
                return
            }
            self.code += bytes
            if [PP_UNWIND_OTHER.rawValue, PP_UNWIND_LOST.rawValue].contains(rule & 15) {
                unsupported += bytes
            } else {
                let known = functions.count(in: range)
                described += known
                synthesized += bytes - known
            }
        }
    }

    /// What assemblers and linkers put between functions: int3, zeros, and nops of any length, which are at most 15 bytes
    /// of prefixes, `0f 1f` or `90`, and an address.
    private static func isPadding(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.allSatisfy({ $0 == 0xcc || $0 == 0 || $0 == 0x90 }) { return true }
        guard bytes.count < 64 else { return false }
        let nops: Set<UInt8> = [0x66, 0x2e, 0x0f, 0x1f, 0x40, 0x44, 0x80, 0x84, 0x90, 0, 0xcc]
        return bytes.allSatisfy(nops.contains)
    }

    /// On arm64 nops, and zeros, which are no instruction.
    private static func isArmPadding(_ bytes: ArraySlice<UInt8>) -> Bool {
        let nop: [UInt8] = [0x1f, 0x20, 0x03, 0xd5]
        return bytes.indices.allSatisfy { bytes[$0] == 0 || bytes[$0] == nop[$0 % 4] }
    }
}

/// The rows of a finished table.
private struct UnwindRuleList {
    private let base, limit: UInt64
    private let rows: [UInt64]
    private let layouts: [pp_unwind_layout]

    init?(_ table: [UInt8]) {
        let size = MemoryLayout<pp_unwind_table>.size
        guard table.count >= size else { return nil }
        let header = table.withUnsafeBytes { $0.loadUnaligned(as: pp_unwind_table.self) }
        let (first, count) = (Int(header.rows), Int(header.row_count))
        guard first >= size, count <= (table.count - min(first, table.count)) / 8 else { return nil }
        (base, limit) = (header.base, header.limit)
        rows = table.withUnsafeBytes { bytes in
            (0..<count).map { bytes.loadUnaligned(fromByteOffset: first + $0 * 8, as: UInt64.self) }
        }
        let (start, stride) = (Int(header.layouts), MemoryLayout<pp_unwind_layout>.stride)
        layouts = table.withUnsafeBytes { bytes in
            start < size || start > bytes.count
                ? []
                : (0..<(bytes.count - start) / stride).map {
                    bytes.loadUnaligned(fromByteOffset: start + $0 * stride, as: pp_unwind_layout.self)
                }
        }
    }

    /// Pieces of a range of file-relative addresses, each under one rule.
    func forEach(in range: Range<UInt64>, _ body: (Range<UInt64>, UInt32) -> Void) {
        let range = range.clamped(to: base..<max(base, limit))
        guard !range.isEmpty else { return }
        var index = max(0, rows.partitioningIndex { $0 >> 32 > range.lowerBound - base } - 1)
        var start = range.lowerBound
        while start < range.upperBound, index < rows.count {
            let next = index + 1 < rows.count ? base + rows[index + 1] >> 32 : limit
            let end = min(max(next, start), range.upperBound)
            if end > start { body(start..<end, UInt32(truncatingIfNeeded: rows[index])) }
            (start, index) = (end, index + 1)
        }
    }

    /// Whether the frame address is found by rbp, 16 above it, anywhere in the range: push rbp; mov rbp, rsp. Or, on
    /// arm64, whether a frame record is stored.
    func usesFramePointer(in range: Range<UInt64>) -> Bool {
        var found = false
        forEach(in: range) { _, rule in
            found = found || (rule & 15 == PP_UNWIND_FP.rawValue && Int32(bitPattern: rule) >> 14 == 2)
            found = found || storesRecord(rule)
        }
        return found
    }

    private func storesRecord(_ rule: UInt32) -> Bool {
        guard [PP_UNWIND_AT_SP.rawValue, PP_UNWIND_AT_FP.rawValue].contains(rule & 15),
            layouts.indices.contains(Int(rule >> 4))
        else { return false }
        let layout = layouts[Int(rule >> 4)]
        return layout.fp & 1 == 0 && layout.ra == layout.fp + 8  // both saved, side by side
    }
}
