// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc
import PotterProfile
import PotterRecording
import PotterSymbols

/// Names the addresses of a recording: the only place where recordings and symbols meet. Module by module, so that one
/// ELF file is open at a time. Docs/Symbols.md says where names come from.
public struct Interpreter {
    let writer: RecordingWriter
    /// What the collector kept of the files; nil where a recording is named later.
    let files: SymbolFiles?
    /// The directory of `--symfs`: nothing outside of it is looked at.
    let symbolRoot: String?

    public init(writer: RecordingWriter, symbolRoot: String? = nil) {
        self.init(writer: writer, files: nil, symbolRoot: symbolRoot)
    }

    init(writer: RecordingWriter, files: SymbolFiles?, symbolRoot: String? = nil) {
        self.writer = writer
        self.files = files
        self.symbolRoot = symbolRoot
    }

    /// Gives every location without a name its frames. What cannot be named is `[module+0xSTART]`, or `[unknown code]`
    /// outside of all modules.
    public func nameLocations() throws {
        try forEachModule(of: writer.locationsWithoutNames()) { module, locations in
            let frames = namer(of: module)
            // Code that no file holds and no map names is the same nothing in every process.
            let isNowhere = frames == nil && module.map { PerfMapFiles.isMap(modulePath: $0.path) } ?? true
            for location in locations {
                try writer.setFrames(
                    location: location.id,
                    frames?(location.address)
                        ?? [isNowhere ? .unknownCode : Self.unnamed(location.address, in: module?.path)])
            }
        }
    }

    /// Gives the locations of a finished recording the names that the files below `symbolRoot` have for them. Where
    /// there is none, they keep what they have.
    public func renameLocations() throws {
        var found = 0
        try forEachModule(of: writer.codeLocations()) { module, locations in
            guard let module, !PerfMapFiles.isMap(modulePath: module.path), let frames = namer(of: module) else {
                return
            }
            found += 1
            for location in locations {
                guard let named = frames(location.address), named.last?.function.hasPrefix("[") == false else {
                    continue
                }
                try writer.replaceFrames(location: location.id, named)
            }
        }
        guard found > 0 else {
            throw CaptureError(
                "no symbols below \(symbolRoot ?? "/"): none of the recording's \(writer.modules().count) modules is there with the build-id that was recorded; give the directory that stands for /"
            )
        }
    }

    private typealias Located = (id: Int64, module: Int64, address: UInt64)

    private func forEachModule(
        of locations: [Located], _ body: (RecordingWriter.Module?, [Located]) throws -> Void
    ) throws {
        let modules = Dictionary(uniqueKeysWithValues: writer.modules().map { ($0.id, $0) })
        for (id, located) in Dictionary(grouping: locations, by: \.module).sorted(by: { $0.key < $1.key }) {
            try body(modules[id], located)
        }
    }

    /// What names addresses of a module; nil if nothing can.
    private func namer(of module: RecordingWriter.Module?) -> ((UInt64) -> [NamedFrame]?)? {
        guard let module else { return nil }
        if PerfMapFiles.isMap(modulePath: module.path) {
            let map = files?.maps.map(forModule: module.id) ?? PerfMapFiles.map(path: module.path, inode: module.inode)
            return map.map { map in { map.frame(at: $0).map { [Self.named($0)] } } }
        }
        return open(module).map { symbols in { symbols.frames(at: $0).map(Self.named) } }
    }

    // MARK: Modules

    private func open(_ module: RecordingWriter.Module) -> ModuleSymbols? {
        if module.path == "[vdso]" { return symbolRoot == nil ? Self.vdso(module) : nil }
        let buildID = Self.bytes(module.buildID)
        if let symbolRoot {
            return try? ModuleSymbols(
                path: module.path, expectedBuildID: buildID, places: SymbolPlaces(root: symbolRoot))
        }
        if let places = files?.modules.places(forModule: module.id) {
            return try? ModuleSymbols(path: module.path, expectedBuildID: buildID, places: places)
        }
        // Without a build-id only the inode tells whether it is the file that was mapped.
        var file = stat()
        if buildID.isEmpty, module.inode != 0, stat(module.path, &file) != 0 || UInt64(file.st_ino) != module.inode {
            return nil
        }
        return try? ModuleSymbols(path: module.path, expectedBuildID: buildID)
    }

    private static func vdso(_ module: RecordingWriter.Module) -> ModuleSymbols? {
        var size = 0
        let address = potter_vdso(&size)
        guard let start = UnsafeRawPointer(bitPattern: UInt(address)), size > 0 else { return nil }
        let symbols = try? ModuleSymbols(image: UnsafeRawBufferPointer(start: start, count: size), name: "[vdso]")
        // A recording that another kernel made has another vDSO.
        return symbols?.buildID == bytes(module.buildID) ? symbols : nil
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    // MARK: Frames

    private static func named(_ frame: ResolvedFrame) -> NamedFrame {
        // Generic code of the library that was compiled into the program carries the lines of who uses it.
        let isBorrowed = FunctionCategory.isSwiftLibrary(module: frame.languageModule ?? "")
        return NamedFrame(
            function: frame.function, systemName: frame.systemName ?? "", module: frame.languageModule ?? "",
            file: isBorrowed ? "" : frame.file ?? "", line: isBorrowed ? 0 : UInt32(clamping: frame.line ?? 0),
            language: frame.language == .cpp ? "c++" : "\(frame.language)", inlined: frame.isInlined)
    }

    private static func unnamed(_ address: UInt64, in path: String?) -> NamedFrame {
        guard let name = path?.split(separator: "/").last else { return .unknownCode }
        return NamedFrame(function: "[\(name)+0x\(String(address & ~15, radix: 16))]")
    }
}
