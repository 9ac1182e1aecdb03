// SPDX-License-Identifier: Apache-2.0
// A split unit from a package (SplitPackage.swift): its DIEs, and what of it lies in the program.

import CElf

final class SplitUnit {
    private(set) var die = Dwarf_Die()
    /// What range lists of the unit count from: DW_AT_low_pc of the skeleton, which libdw does not see from here.
    let base: UInt64
    private let image: ElfImage
    private let dwarf: OpaquePointer

    /// Nil if the package has no such unit, or a damaged one.
    /// - Parameter skeleton: the unit's DIE in the program.
    init?(of skeleton: inout Dwarf_Die, in package: SplitPackage, program: ElfImage) {
        var (version, identifier): (Dwarf_Half, UInt64) = (0, 0)
        guard dwarf_cu_info(skeleton.cu, &version, nil, nil, nil, &identifier, nil, nil) == 0 else { return nil }
        let isGNU = version < 5
        let addresses = Self.tail(
            of: ".debug_addr", in: program,
            from: Self.number(&skeleton, isGNU ? DW_AT_GNU_addr_base : DW_AT_addr_base))
        let ranges = Self.tail(
            of: ".debug_ranges", in: program, from: Self.number(&skeleton, DW_AT_GNU_ranges_base))
        guard
            let image = package.unit(
                identifier, addresses: addresses, ranges: isGNU ? ranges : .init(start: nil, count: 0)),
            let dwarf = dwarf_begin_elf(image.elf, DWARF_C_READ, nil)
        else { return nil }
        var low: Dwarf_Addr = 0
        base = dwarf_lowpc(&skeleton, &low) == 0 ? low : 0
        self.image = image
        self.dwarf = dwarf
        var cursor: OpaquePointer?
        guard dwarf_get_units(dwarf, nil, &cursor, nil, nil, &die, nil) == 0 else { return nil }
    }

    deinit { dwarf_end(dwarf) }

    private static func number(_ die: inout Dwarf_Die, _ attribute: Int) -> Int {
        var value = Dwarf_Attribute()
        var word: Dwarf_Word = 0
        guard dwarf_attr(&die, UInt32(attribute), &value) != nil, dwarf_formudata(&value, &word) == 0 else { return 0 }
        return Int(clamping: word)
    }

    private static func tail(of name: String, in image: ElfImage, from offset: Int) -> UnsafeRawBufferPointer {
        let bytes = image.section(named: name).map { image.unpacked($0) } ?? .init(start: nil, count: 0)
        return offset < bytes.count ? .init(rebasing: bytes[offset...]) : .init(start: nil, count: 0)
    }

    // MARK: Ranges

    /// The address ranges of a DIE of this unit.
    func forEachRange(of die: inout Dwarf_Die, _ body: (_ start: UInt64, _ end: UInt64) -> Void) {
        guard base != 0, dwarf_hasattr(&die, UInt32(DW_AT_low_pc)) == 0 else {
            return DieRanges.forEach(of: &die, body)
        }
        guard var offset = listOffset(of: &die) else { return }
        var (base, start, end): (Dwarf_Addr, Dwarf_Addr, Dwarf_Addr) = (self.base, 0, 0)
        // Offset 0 asks libdw to begin with its own base, which is 0: the first range is moved here.
        let isMoved = offset == 0
        for index in 0..<1 << 14 {
            offset = dwarf_ranges(&die, offset, &base, &start, &end)
            guard offset > 0 else { return }
            if isMoved, index == 0, base == 0 {
                base = self.base
                (start, end) = (start &+ base, end &+ base)
            }
            if end > start { body(start, end) }
        }
    }

    /// Offset of the DIE's list in .debug_rnglists or .debug_ranges.
    private func listOffset(of die: inout Dwarf_Die) -> Int? {
        var value = Dwarf_Attribute()
        guard dwarf_attr(&die, UInt32(DW_AT_ranges), &value) != nil else { return nil }
        guard Int(dwarf_whatform(&value)) == DW_FORM_rnglistx else {
            var word: Dwarf_Word = 0
            return dwarf_formudata(&value, &word) == 0 ? Int(exactly: word) : nil
        }
        guard let lists = image.section(named: ".debug_rnglists").map({ image.contents(of: $0) }) else { return nil }
        // Behind a header of 12 bytes (32-bit DWARF) lies the table of offsets, which count from its beginning.
        let slot = 12 + 4 * Self.unsignedLEB(value.valp)
        guard slot + 4 <= lists.count else { return nil }
        return 12 + Int(lists.loadUnaligned(fromByteOffset: slot, as: UInt32.self))
    }

    /// libdw has checked that the number ends inside of the section. At most 2^28.
    private static func unsignedLEB(_ start: UnsafeMutablePointer<UInt8>?) -> Int {
        guard let start else { return 0 }
        var value = 0
        for index in 0..<4 {
            value |= Int(start[index] & 0x7f) << (7 * index)
            if start[index] & 0x80 == 0 { break }
        }
        return value
    }
}
