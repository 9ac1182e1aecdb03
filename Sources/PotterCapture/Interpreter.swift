// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc
import PotterProfile
import PotterRecording
import PotterSymbols

/// Names the addresses of a recording: the only place where recordings and symbols meet. Module by module, so that one
/// ELF file is open at a time.
public struct Interpreter {
    let writer: RecordingWriter

    public init(writer: RecordingWriter) {
        self.writer = writer
    }

    /// Gives every location without a name its frames. What cannot be named is `[module+0xSTART]`, or `[0xADDRESS]`
    /// outside of all modules; why a module has no names is noted with it.
    public func nameLocations() throws {
        let modules = Dictionary(uniqueKeysWithValues: writer.modules().map { ($0.id, $0) })
        let byModule = Dictionary(grouping: writer.locationsWithoutNames(), by: \.module)
        for (id, locations) in byModule {
            let symbols = modules[id].flatMap { Self.open($0) }
            for location in locations {
                let frames = symbols?.frames(at: location.address).map(Self.named)
                try writer.setFrames(
                    location: location.id, frames ?? [Self.unnamed(location.address, in: modules[id]?.path)])
            }
        }
    }

    private static func open(_ module: RecordingWriter.Module) -> ModuleSymbols? {
        if module.path == "[vdso]" {
            var size = 0
            let address = potter_vdso(&size)
            guard let start = UnsafeRawPointer(bitPattern: UInt(address)), size > 0 else { return nil }
            let symbols = try? ModuleSymbols(image: UnsafeRawBufferPointer(start: start, count: size), name: "[vdso]")
            // A recording that another kernel made has another vDSO.
            return symbols?.buildID == bytes(module.buildID) ? symbols : nil
        }
        return try? ModuleSymbols(path: module.path, expectedBuildID: bytes(module.buildID))
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    private static func named(_ frame: ResolvedFrame) -> NamedFrame {
        // Generic code of the library that was compiled into the program carries the lines of who uses it.
        let isBorrowed = FunctionCategory.isSwiftLibrary(module: frame.languageModule ?? "")
        return NamedFrame(
            function: frame.function, systemName: frame.systemName ?? "", module: frame.languageModule ?? "",
            file: isBorrowed ? "" : frame.file ?? "", line: isBorrowed ? 0 : UInt32(clamping: frame.line ?? 0),
            language: "\(frame.language)", inlined: frame.isInlined)
    }

    private static func unnamed(_ address: UInt64, in path: String?) -> NamedFrame {
        guard let name = path?.split(separator: "/").last else {
            return NamedFrame(function: "[unknown code]")
        }
        return NamedFrame(function: "[\(name)+0x\(String(address & ~15, radix: 16))]")
    }
}
