// SPDX-License-Identifier: Apache-2.0
// Where functions begin, by what an ELF file says of them: symbols, and pointers that the loader relocates (tables of
// witnesses, virtual tables). Sources: System V ABI, "Symbol Table"; the x86-64 supplement, "Relocation".

enum FunctionAddresses {
    private static let symbolTable: UInt32 = 2, relocations: UInt32 = 4, dynamicSymbols: UInt32 = 11
    private static let functionType: UInt8 = 2, indirectFunctionType: UInt8 = 10
    private static let relative: UInt64 = 8  // R_X86_64_RELATIVE
    private static let entrySize = 24  // of a symbol, and of a relocation with an addend

    /// Ascending, file-relative. What a hostile file says is bounded by its size.
    static func all(_ headers: ElfHeaders, _ bytes: ImageBytes) -> [UInt64] {
        var found: [UInt64] = []
        for section in headers.sections where section.isStored && !section.isCompressed {
            switch section.type {
            case symbolTable, dynamicSymbols: read(section, bytes) { symbol(&$0).map { found.append($0) } }
            case relocations: read(section, bytes) { relocated(&$0).map { found.append($0) } }
            default: break
            }
        }
        return found.sorted()
    }

    private static func read(_ section: ElfHeaders.Section, _ bytes: ImageBytes, _ body: (inout FrameCursor) -> Void) {
        guard let contents = bytes.read(section.offset, section.size) else { return }
        contents.withUnsafeBytes { stored in
            for offset in stride(from: 0, to: stored.count - entrySize + 1, by: entrySize) {
                var cursor = FrameCursor(stored, from: offset)
                body(&cursor)
            }
        }
    }

    private static func symbol(_ cursor: inout FrameCursor) -> UInt64? {
        cursor.skip(4)  // name
        let type = cursor.fixed(UInt8.self) & 15
        cursor.skip(3)  // visibility, section
        guard type == functionType || type == indirectFunctionType else { return nil }
        return cursor.fixed(UInt64.self)
    }

    private static func relocated(_ cursor: inout FrameCursor) -> UInt64? {
        cursor.skip(8)  // place
        guard cursor.fixed(UInt64.self) == relative else { return nil }
        return cursor.fixed(UInt64.self)
    }
}
