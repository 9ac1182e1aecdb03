// SPDX-License-Identifier: Apache-2.0
// The names of one ELF file: address -> function, inlined functions, source lines.
//
//   SymbolTable  .symtab, .dynsym, PLT      which function covers the address; also from a .debug file, .gnu_debugdata
//   DebugInfo    DWARF, here or in a .debug file   inlined functions and lines; the function where no symbol covers
//   UnwindEntries  .eh_frame                start of functions that nothing names
//   Demangler    mangled -> readable, once per name
//
// Not thread-safe: one thread at a time.

import CElf
import Glibc

public final class ModuleSymbols {
    /// Path of the file, or name of the image.
    public let path: String
    /// The GNU build-id, empty where the file has none.
    public let buildID: [UInt8]
    /// True if .symtab or .dynsym, here, in the separate debug file or in .gnu_debugdata, has entries.
    public var hasSymbols: Bool { table.hasSymbols }
    /// True if there is DWARF, here or in a separate debug file.
    public private(set) lazy var hasDebugInfo = debugInfo != nil
    /// Separate debug file in use.
    public var debugPath: String? { debugImage?.path }

    private let image: ElfImage
    private let debugImage: ElfImage?
    private let places: SymbolPlaces
    private let table: SymbolTable
    private lazy var unwind = UnwindEntries(image: image)
    private lazy var debugInfo = openDebugInfo()
    private var nameCache: [String: DemangledName] = [:]
    private var nameOfEntry: [Int: (system: String, readable: DemangledName)] = [:]

    /// Opens a module. If its own file is gone, cannot be read or was replaced, its separate debug file will do, where
    /// one has the build-id that was mapped.
    /// - Parameters:
    ///   - path: where the program had it.
    ///   - expectedBuildID: what was mapped; nil if unknown.
    /// - Throws: `SymbolError`: unreadable, not ELF, or replaced since it was mapped.
    /// - Complexity: O(n log n) in the number of symbols; DWARF is opened by the first `frames(at:)`.
    public convenience init(path: String, expectedBuildID: [UInt8]?, places: SymbolPlaces = SymbolPlaces()) throws {
        let image: ElfImage
        do {
            image = try Self.image(of: path, buildID: expectedBuildID ?? [], places: places)
        } catch {
            guard let found = DebugFile.find(buildID: expectedBuildID ?? [], roots: places.debugRoots) else {
                throw error
            }
            image = found
        }
        self.init(image: image, path: path, places: places)
    }

    private static func image(of path: String, buildID: [UInt8], places: SymbolPlaces) throws -> ElfImage {
        let image = try ElfImage(path: path, file: places.file ?? places.root + path)
        let found = image.readBuildID()
        guard buildID.isEmpty || buildID == found else {
            throw SymbolError.replaced(path, mapped: buildID, found: found)
        }
        return image
    }

    /// Takes an image from memory, which is copied: the vDSO. Throws `SymbolError`.
    public convenience init(image: UnsafeRawBufferPointer, name: String) throws {
        let image = try ElfImage(image: image, name: name)
        self.init(image: image, path: name, places: SymbolPlaces(debugDirectories: []))
    }

    private init(image: ElfImage, path: String, places: SymbolPlaces) {
        self.image = image
        self.path = path
        self.places = places
        buildID = image.readBuildID()
        let isStripped = image.section(named: ".symtab") == nil || !DebugInfo.isPresent(in: image)
        debugImage =
            isStripped && !places.debugDirectories.isEmpty
            ? DebugFile.find(for: image, buildID: buildID, places: places) : nil
        var others = debugImage.map { [$0] } ?? []
        if !([image] + others).contains(where: { $0.section(named: ".symtab") != nil }),
            let mini = MiniDebugInfo.open(in: image)
        {
            others.append(mini)
        }
        table = SymbolTable(image: image, others: others)
    }

    private func openDebugInfo() -> DebugInfo? {
        for source in [image, debugImage] {
            if let source, DebugInfo.isPresent(in: source),
                let info = DebugInfo(
                    image: source, shared: DebugFile.findShared(for: source, places: places),
                    packagePaths: [places.root + path + ".dwp", source.file + ".dwp"],
                    code: image.executableSegments)
            {
                return info
            }
        }
        return nil
    }

    // MARK: Look-up

    /// File-relative virtual address of a file offset, by the executable segments: how a line of /proc/PID/maps
    /// becomes an address here. Nil outside of them.
    public func address(ofFileOffset offset: UInt64) -> UInt64? {
        image.executableSegments.first { offset >= $0.fileOffset && offset - $0.fileOffset < $0.fileSize }
            .map { offset - $0.fileOffset &+ $0.address }
    }

    /// The symbol that covers a file-relative virtual address: name as in the file, without version.
    /// The size is that of the symbol; of one without a size, its reach (see SymbolTable.swift). O(log n).
    public func symbol(at address: UInt64) -> (name: String, start: UInt64, size: UInt64)? {
        guard let index = table.entry(at: address, unwind: unwind) else { return nil }
        let entry = table.entries[index]
        return (name(ofEntry: index).system, entry.start, entry.end - entry.start)
    }

    /// The functions at a file-relative virtual address (pc - bias; bias 0 for ET_EXEC), innermost inlined one first,
    /// the out-of-line function last; never empty. The caller has made the return-address adjustment.
    ///
    /// The out-of-line function is named by the symbol that covers the address, else by DWARF. Where neither does:
    /// `[module+0xSTART]`, START being the beginning of the unwind entry that covers the address, else the address
    /// rounded down to 16 (functions are aligned to 16, so neighbouring addresses fall together and no wrong function
    /// boundary is claimed).
    public func frames(at address: UInt64) -> [ResolvedFrame] {
        let symbol = table.entry(at: address, unwind: unwind).map(name(ofEntry:))
        var frames = (debugInfo?.frames(at: address) ?? []).map { frame(of: $0) }
        guard var outer = frames.popLast() else {
            return [symbol.map { ResolvedFrame($0.readable, system: $0.system) } ?? unnamed(address)]
        }
        if let symbol {
            let (file, line) = (outer.file, outer.line)
            outer = ResolvedFrame(symbol.readable, system: symbol.system)
            (outer.file, outer.line) = (file, line)
        } else if outer.function.isEmpty {
            let (file, line) = (outer.file, outer.line)
            outer = unnamed(address)
            (outer.file, outer.line) = (file, line)
        }
        return frames + [outer]
    }

    private func frame(of debug: DebugInfo.Frame) -> ResolvedFrame {
        let system = debug.linkageName ?? debug.name ?? (debug.isInlined ? "[inlined]" : "")
        var frame = ResolvedFrame(readable(system), system: system)
        (frame.file, frame.line, frame.isInlined) = (debug.file, debug.line, debug.isInlined)
        return frame
    }

    private func unnamed(_ address: UInt64) -> ResolvedFrame {
        let start = unwind.start(covering: address) ?? address & ~15
        let module = path.split(separator: "/").last.map(String.init) ?? path
        return ResolvedFrame(function: "[\(module)+0x\(String(start, radix: 16))]")
    }

    // MARK: Names

    private func name(ofEntry index: Int) -> (system: String, readable: DemangledName) {
        if let known = nameOfEntry[index] { return known }
        let system = SymbolAffixes.withoutVersion(String(cString: table.entries[index].name))
        let name = (system, readable(system))
        nameOfEntry[index] = name
        return name
    }

    private func readable(_ system: String) -> DemangledName {
        if let known = nameCache[system] { return known }
        let name = Demangler.demangle(system)
        nameCache[system] = name
        return name
    }
}

extension ResolvedFrame {
    fileprivate init(_ name: DemangledName, system: String) {
        self.init(
            function: name.name, systemName: name.name == system ? nil : system, languageModule: name.module,
            language: name.language)
    }
}
