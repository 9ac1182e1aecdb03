// SPDX-License-Identifier: Apache-2.0
// DWARF package files (PROGRAM.dwp): the split units of a program in one file, which elfutils reads from 0.191 on only.
// Here a unit is cut out of the package into an ELF image of its own, which libdw reads like any file.
//
//   .debug_cu_index   hash table: id of a unit -> row; a row has the unit's piece of each section
//                     (DWARF 5, 7.3.5.3; version 2 is GNU's, for DWARF 4, with other numbers of sections)
//
// Nothing in the package is trusted; a unit counts only if the id in its skeleton is in the index.

import CElf

final class SplitPackage {
    /// Columns of the index that matter here; the raw values are DWARF 5's.
    enum Piece: UInt32 {
        case info = 1
        case abbreviations = 3
        case lines = 4
        case stringOffsets = 6
        case rangeLists = 8
    }

    private static let sectionOfPiece: [(piece: Piece, name: String)] = [
        (.info, ".debug_info"), (.abbreviations, ".debug_abbrev"), (.lines, ".debug_line"),
        (.stringOffsets, ".debug_str_offsets"), (.rangeLists, ".debug_rnglists"),
    ]
    /// A larger unit is damage, bytes.
    private static let maximumUnit = 256 << 20

    private let image: ElfImage
    private let index: SplitIndex
    /// Contents of sections, unpacked, by their plain names.
    private var contents: [String: UnsafeRawBufferPointer] = [:]

    /// Nil if there is no package at the path.
    init?(path: String) {
        guard let image = try? ElfImage(path: path),
            let section = image.section(named: ".debug_cu_index"),
            let index = SplitIndex(image.unpacked(section))
        else { return nil }
        self.image = image
        self.index = index
        for section in image.sections where section.name.hasSuffix(".dwo") {
            contents[String(section.name.dropLast(4))] = image.unpacked(section)
        }
    }

    /// The unit as an image of its own.
    /// - Parameters:
    ///   - identifier: DW_AT_dwo_id of the skeleton.
    ///   - addresses: .debug_addr of the program, from the skeleton's base on.
    ///   - ranges: .debug_ranges of the program, from the skeleton's base on; DWARF 4 only.
    func unit(
        _ identifier: UInt64, addresses: UnsafeRawBufferPointer, ranges: UnsafeRawBufferPointer
    ) -> ElfImage? {
        guard let row = index.row(of: identifier) else { return nil }
        var builder = ElfImageBuilder(machine: image.machine)
        for (piece, name) in Self.sectionOfPiece {
            guard let whole = contents[name], let place = index.place(of: piece, row: row) else { continue }
            guard place.upperBound <= whole.count, place.count <= Self.maximumUnit else { return nil }
            let bytes = Array(whole[place])
            if piece == .stringOffsets {
                let own = strings(of: bytes)
                builder.add(name, own.offsets)
                builder.add(".debug_str", own.strings)
            } else {
                builder.add(name, bytes)
            }
        }
        builder.add(".debug_addr", Array(addresses))
        if index.version < 5 { builder.add(".debug_ranges", Array(ranges)) }
        return builder.build().withUnsafeBytes { try? ElfImage(image: $0, name: image.path) }
    }

    /// The strings that a unit refers to, out of those of the whole package, and its offsets into them.
    private func strings(of table: [UInt8]) -> (offsets: [UInt8], strings: [UInt8]) {
        let all = contents[".debug_str"] ?? UnsafeRawBufferPointer(start: nil, count: 0)
        // DWARF 5 has a header: length, version, padding.
        let header = index.version < 5 ? 0 : min(8, table.count)
        var offsets = Array(table[..<header])
        var strings: [UInt8] = [0]
        for at in stride(from: header, to: table.count - 3, by: 4) {
            let offset = Int(table.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt32.self) })
            var new: UInt32 = 0
            if offset < all.count, strings.count < Self.maximumUnit {
                new = UInt32(strings.count)
                strings += all[offset...].prefix { $0 != 0 }
                strings.append(0)
            }
            withUnsafeBytes(of: new.littleEndian) { offsets += $0 }
        }
        return (offsets, strings)
    }
}

/// .debug_cu_index.
struct SplitIndex {
    let version: UInt32
    private let bytes: [UInt8]
    private let columns: Int
    private let units: Int
    private let slots: Int

    /// Nil if it is damaged or of another version.
    init?(_ section: UnsafeRawBufferPointer) {
        guard section.count >= 16 else { return nil }
        let head = (0..<4).map { section.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        // GNU's version is a word, the standard's half of one.
        version = head[0] == 2 ? 2 : head[0] & 0xffff
        bytes = Array(section)
        (columns, units, slots) = (Int(head[1]), Int(head[2]), Int(head[3]))
        // A power of two, with room; 12 bytes a slot, 4 a column, 8 a column and unit.
        guard version == 2 || version == 5, columns > 0, columns <= 16, slots > 0, slots & (slots - 1) == 0,
            units <= slots, slots < 1 << 26,
            16 + slots * 12 + columns * 4 + units * columns * 8 <= bytes.count
        else { return nil }
    }

    private func word(_ at: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt32.self) }
    }

    /// 0-based row of a unit. Double hashing, as the standard says; ends after as many steps as there are slots.
    func row(of identifier: UInt64) -> Int? {
        let mask = UInt64(slots - 1)
        var slot = identifier & mask
        let step = (identifier >> 32) & mask | 1
        for _ in 0..<slots {
            let at = 16 + Int(slot) * 8
            let found = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
            let row = Int(word(16 + slots * 8 + Int(slot) * 4))
            if row == 0 { return nil }
            if found == identifier { return row <= units ? row - 1 : nil }
            slot = (slot + step) & mask
        }
        return nil
    }

    /// Where a unit's piece of a section lies in it.
    func place(of piece: SplitPackage.Piece, row: Int) -> Range<Int>? {
        // Version 2 has no range lists: 8 is .debug_macro there.
        if version == 2, piece == .rangeLists { return nil }
        let header = 16 + slots * 12
        guard let column = (0..<columns).first(where: { word(header + $0 * 4) == piece.rawValue }) else { return nil }
        let cell = header + columns * 4 + (row * columns + column) * 4
        let offset = Int(word(cell))
        return offset..<offset + Int(word(cell + units * columns * 4))
    }
}
