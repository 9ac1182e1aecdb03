// SPDX-License-Identifier: Apache-2.0
// Function symbols of a module, by address.
//
// Sources: .symtab and .dynsym of the file, .symtab of its separate debug file or of its minidebuginfo, PLT stubs
// (SymbolTable+PLT.swift).
//
// The rule by which an address gets a name:
//  1. A symbol with a size names the addresses that its size covers, no others. Of nested ones the inner wins.
//  2. A symbol without a size (hand-written assembly) that no sized symbol covers reaches to the next symbol of any
//     kind or the end of its section, as long as unwind entries do not contradict: no entry begins or ends between
//     the symbol and the address.
//  3. Of several names for one place: global, then weak, then local; functions, then untyped; then the fewest
//     leading underscores, the shortest, the first in byte order. So the choice does not depend on the file's order.

import CElf
import Glibc

final class SymbolTable {
    struct Entry {
        var start: UInt64
        /// First address after the symbol; for a symbol without a size, the end of its reach.
        var end: UInt64
        var name: UnsafePointer<CChar>
        /// Lower is better; see rule 3.
        var rank: UInt8
        var isSized: Bool
    }

    private(set) var entries: [Entry] = []
    private var sized = IntervalMap()
    private var unsized = IntervalMap()
    private var ownedNames: [UnsafeMutablePointer<CChar>] = []
    private let images: [ElfImage]
    /// A .symtab or .dynsym with at least one entry was there.
    let hasSymbols: Bool

    /// - Parameter others: separate debug file and minidebuginfo, for the symbols that `strip` took away.
    /// - Complexity: O(n log n) in the number of symbols.
    init(image: ElfImage, others: [ElfImage]) {
        images = [image] + others
        var found = images.flatMap { Self.readSymbols(of: $0, within: image) }
        hasSymbols = !found.isEmpty || images.contains { Self.hasAnySymbol($0) }
        found.sort(by: Self.isOrdered)
        let stubs = Self.readStubs(of: image, symbols: found)
        for stub in stubs {
            guard let name = strdup(stub.name) else { continue }
            ownedNames.append(name)
            found.append(Entry(start: stub.start, end: stub.end, name: name, rank: 0, isSized: true))
        }
        found.sort(by: Self.isOrdered)
        entries = found
        index(sections: image.sections)
    }

    deinit {
        for name in ownedNames { free(name) }
    }

    /// Index of the entry that names `address`. O(log n).
    /// - Parameter unwind: asked for symbols without a size only.
    func entry(at address: UInt64, unwind: @autoclosure () -> UnwindEntries) -> Int? {
        if let index = sized.value(at: address) { return Int(index) }
        guard let index = unsized.value(at: address).map(Int.init) else { return nil }
        return unwind().sameFunction(entries[index].start, address) ? index : nil
    }

    // MARK: Reading

    private static func hasAnySymbol(_ image: ElfImage) -> Bool {
        image.sections.contains { isSymbolTable($0) && $0.header.sh_size > $0.header.sh_entsize }
    }

    private static func isSymbolTable(_ section: ElfImage.Section) -> Bool {
        section.header.sh_type == UInt32(SHT_SYMTAB) || section.header.sh_type == UInt32(SHT_DYNSYM)
    }

    private static func readSymbols(of source: ElfImage, within image: ElfImage) -> [Entry] {
        var entries: [Entry] = []
        // Sections of other files have other numbers, but the same addresses.
        let places = image.sections.filter(\.isExecutable)
        let code = Dictionary(
            source.sections.filter { section in
                section.isExecutable && places.contains { $0.start <= section.start && section.end <= $0.end }
            }.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
        for table in source.sections where isSymbolTable(table) {
            guard let data = elf_getdata(table.handle, nil) else { continue }
            let count = min(data.pointee.d_size / gelf_fsize(source.elf, ELF_T_SYM, 1, UInt32(EV_CURRENT)), 1 << 26)
            entries.reserveCapacity(entries.count + count)
            for index in 0..<count {
                var symbol = GElf_Sym()
                guard gelf_getsym(data, Int32(index), &symbol) != nil, let section = code[Int(symbol.st_shndx)],
                    let entry = entry(for: symbol, in: section, names: Int(table.header.sh_link), of: source)
                else { continue }
                entries.append(entry)
            }
        }
        return entries
    }

    private static func entry(
        for symbol: GElf_Sym, in section: ElfImage.Section, names: Int, of source: ElfImage
    ) -> Entry? {
        let type = Int32(symbol.st_info & 15)
        let binding = Int32(symbol.st_info >> 4)
        guard type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE,
            symbol.st_value >= section.start, symbol.st_value < section.end,
            let name = elf_strptr(source.elf, names, Int(symbol.st_name)), !SymbolAffixes.isMarker(name)
        else { return nil }
        let bindingRank: UInt8 = binding == STB_LOCAL ? 2 : binding == STB_WEAK ? 1 : 0
        let end =
            symbol.st_size == 0
            ? section.end
            : symbol.st_value &+ min(symbol.st_size, section.end - symbol.st_value)
        return Entry(
            start: symbol.st_value, end: end, name: name,
            rank: bindingRank * 2 + (type == STT_NOTYPE ? 1 : 0), isSized: symbol.st_size > 0)
    }

    // MARK: Order

    /// By start; of one start the preferred last, which is what `IntervalMap` wants.
    private static func isOrdered(_ left: Entry, _ right: Entry) -> Bool {
        if left.start != right.start { return left.start < right.start }
        if left.isSized != right.isSized { return right.isSized }
        if left.rank != right.rank { return left.rank > right.rank }
        if left.name == right.name { return false }
        let leftScore = readability(left.name)
        let rightScore = readability(right.name)
        return leftScore == rightScore ? strcmp(left.name, right.name) > 0 : leftScore > rightScore
    }

    /// Lower is better: leading underscores first, then length.
    private static func readability(_ name: UnsafePointer<CChar>) -> Int {
        strspn(name, "_") << 32 | strlen(name)
    }

    private func index(sections: [ElfImage.Section]) {
        var sizedIntervals: [IntervalMap.Interval] = []
        sizedIntervals.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() where entry.isSized {
            sizedIntervals.append(.init(start: entry.start, end: entry.end, value: Int32(truncatingIfNeeded: index)))
        }
        sized = IntervalMap(sorted: sizedIntervals)
        var unsizedIntervals: [IntervalMap.Interval] = []
        var nextStart = UInt64.max
        for index in entries.indices.reversed() {
            let start = entries[index].start
            if index + 1 < entries.count, entries[index + 1].start > start { nextStart = entries[index + 1].start }
            guard !entries[index].isSized, sized.value(at: start) == nil else { continue }
            entries[index].end = min(entries[index].end, nextStart)
            unsizedIntervals.append(
                .init(start: start, end: entries[index].end, value: Int32(truncatingIfNeeded: index)))
        }
        unsized = IntervalMap(sorted: unsizedIntervals.reversed())
    }
}
