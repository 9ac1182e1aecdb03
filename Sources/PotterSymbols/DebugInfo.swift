// SPDX-License-Identifier: Apache-2.0
// Source lines and inlined functions of a module, from DWARF 2 to 5, through libdw.
//
// Everything is lazy: opening reads the ranges of the compilation units only; a unit's functions and lines are read
// when the first address in it is asked for, a function's inlined calls when the first address in it is.
//
//   address -> unit (ranges of the unit DIEs) -> function (DIEs with ranges) -> chain of DW_TAG_inlined_subroutine
//                                             -> line table
//
// Units without ranges of their own are walked together on the first address that no other unit covers.

import CElf

final class DebugInfo {
    /// One function at an address, innermost first.
    struct Frame {
        /// Name for the linker (mangled), where DWARF has one.
        var linkageName: String?
        var name: String?
        var file: String?
        var line: Int?
        var isInlined: Bool
    }

    private let image: ElfImage
    private let dwarf: OpaquePointer
    /// What dwz moved out of this file and others.
    private let shared: (image: ElfImage, dwarf: OpaquePointer)?
    /// The program's package of split units, where there are such units and no .dwo files.
    private let packagePaths: [String]
    private lazy var package = packagePaths.lazy.compactMap { SplitPackage(path: $0) }.first
    private var units: [DebugUnit] = []
    private var unitOfAddress = IntervalMap()
    private var unitsWithoutRanges: [Int] = []

    /// Nil where the file has no DWARF that libdw can read.
    /// - Parameters:
    ///   - shared: the file that .gnu_debugaltlink names.
    ///   - packagePaths: where a package of split units may be.
    ///   - code: address ranges that hold code; units of sections that the linker removed lie outside.
    init?(image: ElfImage, shared: ElfImage?, packagePaths: [String], code: [ElfImage.Segment]) {
        guard let dwarf = dwarf_begin_elf(image.elf, DWARF_C_READ, nil) else { return nil }
        self.image = image
        self.dwarf = dwarf
        self.packagePaths = packagePaths
        self.shared = shared.flatMap { file in dwarf_begin_elf(file.elf, DWARF_C_READ, nil).map { (file, $0) } }
        if let shared = self.shared { dwarf_setalt(dwarf, shared.dwarf) }
        readUnits(code: code)
        if units.isEmpty {
            return nil
        }
    }

    deinit {
        dwarf_end(dwarf)
        if let shared { dwarf_end(shared.dwarf) }
    }

    static func isPresent(in image: ElfImage) -> Bool {
        image.sections.contains {
            ($0.name == ".debug_info" || $0.name == ".zdebug_info") && $0.header.sh_type != UInt32(SHT_NOBITS)
        }
    }

    /// Innermost inlined function first, the out-of-line function last; empty where no unit covers the address.
    /// One frame without names where only the line is known.
    func frames(at address: UInt64) -> [Frame] {
        if let unit = unitOfAddress.value(at: address) { return units[Int(unit)].frames(at: address) }
        for unit in unitsWithoutRanges where units[unit].hasFunction(at: address) {
            return units[unit].frames(at: address)
        }
        return []
    }

    private func readUnits(code: [ElfImage.Segment]) {
        var intervals: [IntervalMap.Interval] = []
        var cursor: OpaquePointer?
        var die = Dwarf_Die()
        var subDie = Dwarf_Die()
        var type: UInt8 = 0
        while dwarf_get_units(dwarf, cursor, &cursor, nil, &type, &die, &subDie) == 0, units.count < 1 << 20 {
            guard type == UInt8(DW_UT_compile) || type == UInt8(DW_UT_skeleton) else { continue }
            // A skeleton has the ranges, its .dwo file the functions.
            let unit = Int32(units.count)
            var hasRanges = false
            DieRanges.forEach(of: &die, limit: 1 << 20) { start, end in
                hasRanges = true
                guard code.contains(where: { $0.contains(start) }) else { return }
                intervals.append(.init(start: start, end: end, value: unit))
            }
            if !hasRanges { unitsWithoutRanges.append(units.count) }
            units.append(DebugUnit(die: subDie.addr != nil ? subDie : die, lines: die))
            if type == UInt8(DW_UT_skeleton), subDie.addr == nil {
                var skeleton = die
                units[Int(unit)].split = { [unowned self] in
                    package.flatMap { SplitUnit(of: &skeleton, in: $0, program: self.image) }
                }
            }
        }
        unitOfAddress = IntervalMap(intervals)
    }
}

/// The address ranges of a DIE: DW_AT_low_pc with DW_AT_high_pc, or DW_AT_ranges.
enum DieRanges {
    /// Hostile lists end at `limit`: many DIEs may share one.
    static func forEach(
        of die: inout Dwarf_Die, limit: Int = 1 << 14, _ body: (_ start: UInt64, _ end: UInt64) -> Void
    ) {
        var base: Dwarf_Addr = 0
        var start: Dwarf_Addr = 0
        var end: Dwarf_Addr = 0
        var offset = 0
        for _ in 0..<limit {
            offset = dwarf_ranges(&die, offset, &base, &start, &end)
            guard offset > 0 else { return }
            if end > start { body(start, end) }
        }
    }

    static func forEach(
        of die: inout Dwarf_Die, in unit: SplitUnit?, _ body: (_ start: UInt64, _ end: UInt64) -> Void
    ) {
        if let unit { unit.forEachRange(of: &die, body) } else { forEach(of: &die, body) }
    }

    static func isPresent(in die: inout Dwarf_Die) -> Bool {
        dwarf_hasattr(&die, UInt32(DW_AT_low_pc)) != 0 || dwarf_hasattr(&die, UInt32(DW_AT_ranges)) != 0
    }
}
