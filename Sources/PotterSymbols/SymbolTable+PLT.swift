// SPDX-License-Identifier: Apache-2.0
// Names for the stubs of the procedure linkage table, which have no symbols: `malloc@plt`.
//
// A stub jumps through a slot of the GOT, and a relocation says which symbol that slot is for. The jump is decoded, so
// that every layout of every linker is right: .plt, .plt.sec (with ENDBR64), .plt.got, BND prefixes.
//
//   x86-64   [f3 0f 1e fa] [f2] ff 25 disp32       jmp *disp32(%rip)
//   aarch64  adrp x16, page; ldr x17, [x16, #off]
//
// The lazy halves (`push index; jmp .plt`) of an IBT .plt go through .rela.plt[index].

import CElf
import Glibc

extension SymbolTable {
    struct Stub {
        var start: UInt64
        var end: UInt64
        var name: String
    }

    private struct Slots {
        var nameOfSlot: [UInt64: String] = [:]
        /// Names in the order of .rela.plt.
        var lazy: [String] = []
    }

    /// - Parameter symbols: in the order of `SymbolTable.entries`.
    static func readStubs(of image: ElfImage, symbols: [Entry]) -> [Stub] {
        let tables = image.sections.filter { $0.isExecutable && $0.name.hasPrefix(".plt") }
        guard !tables.isEmpty else { return [] }
        let slots = readSlots(of: image, symbols: symbols)
        return tables.flatMap { stubs(in: $0, of: image, slots: slots) }
    }

    private static func stubs(in table: ElfImage.Section, of image: ElfImage, slots: Slots) -> [Stub] {
        let code = image.contents(of: table)
        let entrySize = Int(exactly: table.header.sh_entsize).flatMap { (8...64).contains($0) ? $0 : nil } ?? 16
        var stubs: [Stub] = []
        var offset = 0
        while offset + entrySize <= code.count {
            let start = table.start &+ UInt64(offset)
            let bytes = UnsafeRawBufferPointer(rebasing: code[offset..<offset + entrySize])
            if let name = name(ofStub: bytes, at: start, machine: image.machine, slots: slots) {
                stubs.append(Stub(start: start, end: start &+ UInt64(entrySize), name: name + "@plt"))
            }
            offset += entrySize
        }
        return stubs
    }

    private static func name(
        ofStub code: UnsafeRawBufferPointer, at start: UInt64, machine: UInt16, slots: Slots
    ) -> String? {
        switch Int32(machine) {
        case EM_X86_64:
            if let slot = slotOfX86Stub(code, at: start) { return slots.nameOfSlot[slot] }
            return lazyIndexOfX86Stub(code).flatMap { $0 < slots.lazy.count ? slots.lazy[$0] : nil }
        case EM_AARCH64: return slotOfArmStub(code, at: start).flatMap { slots.nameOfSlot[$0] }
        default: return nil
        }
    }

    private static func slotOfX86Stub(_ code: UnsafeRawBufferPointer, at start: UInt64) -> UInt64? {
        var offset = skipEndbr(code)
        if offset < code.count, code[offset] == 0xf2 { offset += 1 }
        guard offset + 6 <= code.count, code[offset] == 0xff, code[offset + 1] == 0x25 else { return nil }
        let displacement = code.loadUnaligned(fromByteOffset: offset + 2, as: Int32.self)
        return start &+ UInt64(offset + 6) &+ UInt64(bitPattern: Int64(displacement))
    }

    private static func lazyIndexOfX86Stub(_ code: UnsafeRawBufferPointer) -> Int? {
        let offset = skipEndbr(code)
        guard offset + 5 <= code.count, code[offset] == 0x68 else { return nil }
        return Int(code.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self))
    }

    private static func skipEndbr(_ code: UnsafeRawBufferPointer) -> Int {
        code.starts(with: [0xf3, 0x0f, 0x1e, 0xfa]) ? 4 : 0
    }

    private static func slotOfArmStub(_ code: UnsafeRawBufferPointer, at start: UInt64) -> UInt64? {
        for offset in stride(from: 0, through: code.count - 8, by: 4) {
            let page = code.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let load = code.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
            // adrp x16 and ldr x17, [x16, #scaled].
            guard page & 0x9f00_001f == 0x9000_0010, load & 0xffc0_03ff == 0xf940_0211 else { continue }
            let immediate = (page >> 29 & 3) | (page >> 5 & 0x7ffff) << 2
            let pages = Int64(Int32(bitPattern: immediate << 11) >> 11)
            let base = (start &+ UInt64(offset)) & ~0xfff
            return base &+ UInt64(bitPattern: pages << 12) &+ UInt64(load >> 10 & 0xfff) * 8
        }
        return nil
    }

    // MARK: Relocations

    private static func readSlots(of image: ElfImage, symbols: [Entry]) -> Slots {
        var slots = Slots()
        for table in image.sections where table.header.sh_type == UInt32(SHT_RELA) {
            guard table.header.sh_flags & UInt64(SHF_ALLOC) != 0, let data = elf_getdata(table.handle, nil),
                let names = image.sections.first(where: { $0.index == Int(table.header.sh_link) })
            else { continue }
            let size = gelf_fsize(image.elf, ELF_T_RELA, 1, UInt32(EV_CURRENT))
            for index in 0..<min(data.pointee.d_size / size, 1 << 24) {
                var relocation = GElf_Rela()
                guard gelf_getrela(data, Int32(index), &relocation) != nil else { break }
                let name = self.name(of: relocation, symbolTable: names, image: image, symbols: symbols)
                if table.name == ".rela.plt" { slots.lazy.append(name ?? "?") }
                if let name { slots.nameOfSlot[relocation.r_offset] = name }
            }
        }
        return slots
    }

    private static func name(
        of relocation: GElf_Rela, symbolTable: ElfImage.Section, image: ElfImage, symbols: [Entry]
    ) -> String? {
        let index = Int32(truncatingIfNeeded: relocation.r_info >> 32)
        let type = UInt32(truncatingIfNeeded: relocation.r_info)
        if index == 0 {
            // IRELATIVE: the slot of a local ifunc; the addend is the address of its resolver.
            guard type == UInt32(R_X86_64_IRELATIVE) || type == UInt32(R_AARCH64_IRELATIVE) else { return nil }
            let target = UInt64(bitPattern: relocation.r_addend)
            let behind = symbols.partitionPoint { $0.start > target }
            guard behind > 0, symbols[behind - 1].start == target else { return nil }
            return SymbolAffixes.withoutVersion(String(cString: symbols[behind - 1].name))
        }
        // Only jump slots and GOT entries are for stubs; skipping the rest keeps large files fast.
        guard
            type == UInt32(R_X86_64_JUMP_SLOT) || type == UInt32(R_X86_64_GLOB_DAT)
                || type == UInt32(R_AARCH64_JUMP_SLOT) || type == UInt32(R_AARCH64_GLOB_DAT)
        else { return nil }
        var symbol = GElf_Sym()
        guard symbolTable.header.sh_type == UInt32(SHT_DYNSYM) || symbolTable.header.sh_type == UInt32(SHT_SYMTAB),
            let data = elf_getdata(symbolTable.handle, nil), gelf_getsym(data, index, &symbol) != nil,
            let name = elf_strptr(image.elf, Int(symbolTable.header.sh_link), Int(symbol.st_name)), name[0] != 0
        else { return nil }
        return SymbolAffixes.withoutVersion(String(cString: name))
    }
}
