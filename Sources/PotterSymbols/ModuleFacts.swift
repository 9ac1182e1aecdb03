// SPDX-License-Identifier: Apache-2.0
// What a file has for a profiler to work with, read without symbolizing anything. `potter-prof doctor` asks.

import CElf
import Glibc

public struct ModuleFacts: Sendable {
    /// The GNU build-id; empty where the file has none.
    public let buildID: [UInt8]
    /// Functions that .symtab names: all of them, unless it was stripped.
    public let symtabFunctions: Int
    /// Functions that .dynsym names: those that the file exports.
    public let dynsymFunctions: Int
    /// DWARF in the file itself.
    public let hasDebugInfo: Bool
    /// The name in .gnu_debuglink; nil where there is none.
    public let debugLink: String?
    /// The separate debug file, if it is there and belongs to the file.
    public let debugFile: DebugFileFacts?
    /// The file ends before a part that is to be loaded does: it was cut.
    public let isTruncated: Bool
    /// Source languages, by what their compilers leave behind; several if libraries were linked in.
    public let languages: [String]
    /// The sanitizer in it, as `-fsanitize=` names it, and whether its runtime is a library of its own.
    public let sanitizer: Sanitizer?

    public struct DebugFileFacts: Sendable {
        public let path: String
        public let functions: Int
        public let hasDebugInfo: Bool
    }

    public struct Sanitizer: Sendable, Equatable {
        public let name: String
        public let isSeparateLibrary: Bool
    }

    /// - Parameter debugRoots: directories with separate debug files.
    /// - Throws: `SymbolError`: unreadable, or not ELF.
    public init(path: String, debugRoots: [String] = DebugFile.defaultRoots) throws {
        let image = try ElfImage(path: path)
        buildID = image.readBuildID()
        symtabFunctions = image.functions(in: ".symtab")
        dynsymFunctions = image.functions(in: ".dynsym")
        hasDebugInfo = DebugInfo.isPresent(in: image)
        debugLink = DebugFile.readLink(of: image)?.name
        let isComplete = symtabFunctions > 0 && hasDebugInfo
        debugFile =
            isComplete
            ? nil
            : DebugFile.find(
                for: image, buildID: buildID, places: SymbolPlaces(debugDirectories: debugRoots)
            ).map {
                DebugFileFacts(
                    path: $0.path, functions: $0.functions(in: ".symtab"),
                    hasDebugInfo: DebugInfo.isPresent(in: $0))
            }
        isTruncated = image.isTruncated
        let needed = image.dynamicSection().needed
        languages = ProgramOrigin.languages(of: image, needed: needed)
        sanitizer = ProgramOrigin.sanitizer(of: image, needed: needed)
    }

    /// Whether a file is a shared library: no loader is named, and it is no static position-independent executable.
    /// Throws `SymbolError`.
    public static func isSharedLibrary(path: String) throws -> Bool {
        let image = try ElfImage(path: path)
        var header = GElf_Ehdr()
        let isPIE = image.dynamicSection().flags & 0x0800_0000 != 0  // DF_1_PIE
        return gelf_getehdr(image.elf, &header) != nil && header.e_type == UInt16(ET_DYN) && !isPIE
            && image.section(named: ".interp") == nil
    }

    /// Where the separate debug file of a build-id belongs, below one of the roots.
    public static func debugFilePath(of buildID: [UInt8], root: String = "/usr/lib/debug") -> String? {
        guard buildID.count > 1 else { return nil }
        return "\(root)/.build-id/\([buildID[0]].hexadecimal)/\(buildID.dropFirst().hexadecimal).debug"
    }

    /// The build-id as people write it; nil where there is none.
    public var buildIDText: String? { buildID.isEmpty ? nil : buildID.hexadecimal }
}

extension ElfImage {
    /// Names of a symbol table, and whether each is of a function of this file. At most `limit` are read.
    func forEachSymbol(
        in table: String, limit: Int = 1 << 22, _ body: (_ name: UnsafePointer<CChar>, _ isFunction: Bool) -> Void
    ) {
        let isTable = [UInt32(SHT_SYMTAB), UInt32(SHT_DYNSYM)]
        guard let section = section(named: table), isTable.contains(section.header.sh_type),
            let data = elf_getdata(section.handle, nil)
        else { return }
        let size = max(1, gelf_fsize(elf, ELF_T_SYM, 1, UInt32(EV_CURRENT)))
        for index in 0..<min(data.pointee.d_size / size, limit) {
            var symbol = GElf_Sym()
            guard gelf_getsym(data, Int32(index), &symbol) != nil,
                let name = elf_strptr(elf, Int(section.header.sh_link), Int(symbol.st_name))
            else { continue }
            let type = Int32(symbol.st_info & 15)
            let isCode = type == STT_FUNC || type == STT_GNU_IFUNC
            body(name, isCode && symbol.st_shndx != UInt16(SHN_UNDEF))
        }
    }

    var isTruncated: Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return Self.segments(elf, type: UInt32(PT_LOAD)).contains {
            let (end, overflow) = $0.p_offset.addingReportingOverflow($0.p_filesz)
            return overflow || end > UInt64(max(status.st_size, 0))
        }
    }

    /// Functions that a symbol table defines.
    func functions(in table: String) -> Int {
        var count = 0
        forEachSymbol(in: table) { _, isFunction in count += isFunction ? 1 : 0 }
        return count
    }

    /// Libraries that the file needs, and DT_FLAGS_1.
    func dynamicSection() -> (needed: [String], flags: UInt64) {
        var (needed, flags): ([String], UInt64) = ([], 0)
        guard let section = sections.first(where: { $0.header.sh_type == UInt32(SHT_DYNAMIC) }),
            let data = elf_getdata(section.handle, nil)
        else { return (needed, flags) }
        let size = max(1, gelf_fsize(elf, ELF_T_DYN, 1, UInt32(EV_CURRENT)))
        for index in 0..<min(data.pointee.d_size / size, 4096) {
            var entry = GElf_Dyn()
            guard gelf_getdyn(data, Int32(index), &entry) != nil, entry.d_tag != Int64(DT_NULL) else { break }
            if entry.d_tag == Int64(DT_FLAGS_1) { flags = entry.d_un.d_val }
            guard entry.d_tag == Int64(DT_NEEDED), let offset = Int(exactly: entry.d_un.d_val),
                let name = elf_strptr(elf, Int(section.header.sh_link), offset)
            else { continue }
            needed.append(String(cString: name))
        }
        return (needed, flags)
    }
}
