// SPDX-License-Identifier: Apache-2.0
// Symbols that are not in the program: minidebuginfo, trees of files, what dwz shares, compressed sections.

import Foundation
import PotterSymbols
import Testing

@Suite struct DebugFileTests {
    let shop: Workshop
    let program: String
    let functions: [NamedSymbol]

    init() throws {
        shop = try Workshop()
        program = try shop.build(Programs.c, as: "program.c", ["gcc", "-O2", "-g", "-Wl,--build-id=sha1"])
        functions = try NamedSymbol.functions(in: program).filter { ["work", "rest", "main"].contains($0.name) }
    }

    /// All frames of three functions.
    private func frames(_ symbols: ModuleSymbols) -> [[ResolvedFrame]] {
        functions.flatMap { function in
            (function.address..<function.address + function.size).map { symbols.frames(at: $0) }
        }
    }

    // MARK: Minidebuginfo

    /// As Fedora makes it: an ELF file with the names of functions alone, as .xz in a section of the stripped program.
    private func addMiniDebugInfo(_ change: (inout Data) -> Void = { _ in }) throws {
        let names = functions.map(\.name).joined(separator: "\n")
        let list = try shop.write(names, to: "names")
        let mini = "\(shop.path)/mini"
        try Toolchain.run(["objcopy", "-S", "--keep-symbols=\(list)", "--remove-section=.comment", program, mini])
        try Toolchain.run(["xz", "-f", mini])
        var data = try Data(contentsOf: URL(filePath: mini + ".xz"))
        change(&data)
        try data.write(to: URL(filePath: mini + ".xz"))
        try Toolchain.run(["strip", program])
        try Toolchain.run(["objcopy", "--add-section=.gnu_debugdata=\(mini).xz", program])
    }

    @Test func readsMiniDebugInfo() throws {
        try addMiniDebugInfo()
        let symbols = try ModuleSymbols(path: program, expectedBuildID: nil)
        #expect(symbols.hasSymbols)
        #expect(functions.count == 3)
        for function in functions {
            for address in [function.address, function.address + function.size - 1] {
                #expect(symbols.frames(at: address).map(\.function) == [function.name])
            }
        }
    }

    @Test func standsDamagedMiniDebugInfo() throws {
        try addMiniDebugInfo { $0.removeLast($0.count / 3) }
        let symbols = try ModuleSymbols(path: program, expectedBuildID: nil)
        #expect(symbols.symbol(at: functions[0].address) == nil)
    }

    /// A gigabyte of zeros in a hundred kilobytes.
    @Test func refusesBombs() throws {
        try Toolchain.run(["sh", "-c", "head -c 1G /dev/zero | xz -1 > bomb.xz"], in: shop.path)
        let bomb = try Data(contentsOf: URL(filePath: "\(shop.path)/bomb.xz"))
        try addMiniDebugInfo { $0 = bomb }
        let start = ContinuousClock.now
        let symbols = try ModuleSymbols(path: program, expectedBuildID: nil)
        #expect(symbols.symbol(at: functions[0].address) == nil)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    // MARK: Trees of files

    private func buildID() throws -> [UInt8] { try ModuleSymbols(path: program, expectedBuildID: nil).buildID }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Below a root, and nowhere else: on the machine itself another program has the same path.
    @Test func looksBelowTheRoot() throws {
        let expected = frames(try ModuleSymbols(path: program, expectedBuildID: nil))
        let identifier = try buildID()
        let root = "\(shop.path)/root"
        try FileManager.default.createDirectory(
            atPath: root + shop.path, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: program, toPath: root + program)
        try Toolchain.run(["gcc", "-O1", "-g", "\(shop.path)/program.c", "-o", program])
        let symbols = try ModuleSymbols(
            path: program, expectedBuildID: identifier, places: SymbolPlaces(root: root + "/"))
        #expect(frames(symbols) == expected)
        #expect(throws: SymbolError.self) { try ModuleSymbols(path: program, expectedBuildID: identifier) }
        // Its debug file is below the root, too, in the directory that the program has there.
        let debug = "\(root)/usr/lib/debug\(shop.path)"
        try FileManager.default.createDirectory(atPath: debug, withIntermediateDirectories: true)
        try Toolchain.run(["objcopy", "--only-keep-debug", root + program, "\(debug)/program.debug"])
        try Toolchain.run(["strip", root + program])
        try Toolchain.run(["objcopy", "--add-gnu-debuglink=\(debug)/program.debug", root + program])
        let stripped = try ModuleSymbols(
            path: program, expectedBuildID: identifier, places: SymbolPlaces(root: root))
        #expect(stripped.debugPath == "\(debug)/program.debug")
        #expect(frames(stripped) == expected)
    }

    /// The program is gone, or another one is in its place; its debug file still says what its code was.
    @Test(arguments: [false, true]) func namesWhatIsGone(isReplaced: Bool) throws {
        let expected = frames(try ModuleSymbols(path: program, expectedBuildID: nil))
        let identifier = try buildID()
        let directory = "\(shop.path)/debug/.build-id/\(hexadecimal(Array(identifier.prefix(1))))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let debug = "\(directory)/\(hexadecimal(Array(identifier.dropFirst()))).debug"
        try Toolchain.run(["objcopy", "--only-keep-debug", program, debug])
        try FileManager.default.removeItem(atPath: program)
        if isReplaced { try Toolchain.run(["gcc", "-O1", "-g", "\(shop.path)/program.c", "-o", program]) }
        let places = SymbolPlaces(debugDirectories: ["\(shop.path)/debug"])
        let symbols = try ModuleSymbols(path: program, expectedBuildID: identifier, places: places)
        #expect(frames(symbols) == expected)
        let other = identifier.map { $0 ^ 1 }
        #expect(throws: SymbolError.self) { try ModuleSymbols(path: program, expectedBuildID: other, places: places) }
        #expect(throws: SymbolError.self) {
            try ModuleSymbols(path: program, expectedBuildID: identifier, places: SymbolPlaces())
        }
    }

    // MARK: Forms of DWARF

    /// Debian's debug packages: what several files have in common is moved into another one.
    @Test func readsWhatDwzShares() throws {
        guard Toolchain.has("dwz") else { return }
        let expected = frames(try ModuleSymbols(path: program, expectedBuildID: nil))
        let twin = try shop.build(
            Programs.c + "\nint twin;\n", as: "twin.c", ["gcc", "-O2", "-g", "-Wl,--build-id=sha1"], output: "twin")
        for path in [program, twin] { try Toolchain.run(["objcopy", "--only-keep-debug", path, path + ".debug"]) }
        try Toolchain.run(["dwz", "-m", "shared.debug", "-r", "program.debug", "twin.debug"], in: shop.path)
        let sections = try Toolchain.run(["readelf", "-WS", program + ".debug"])
        #expect(sections.contains(".gnu_debugaltlink"), "dwz found nothing to share: nothing was tested")
        try Toolchain.run(["strip", program])
        try Toolchain.run(["objcopy", "--add-gnu-debuglink=\(program).debug", program])
        #expect(frames(try ModuleSymbols(path: program, expectedBuildID: nil)) == expected)
        // Another file under the shared one's name lends no names.
        try Toolchain.run(["objcopy", "--only-keep-debug", twin, "\(shop.path)/shared.debug"])
        let names = frames(try ModuleSymbols(path: program, expectedBuildID: nil)).map { $0.last?.function }
        #expect(names == expected.map { $0.last?.function }, "symbols are still there")
    }

    /// zstd as the installed elfutils can: without it there are names, but no lines.
    @Test(arguments: ["zlib", "zlib-gnu", "zstd"]) func readsCompressedSections(form: String) throws {
        let expected = frames(try ModuleSymbols(path: program, expectedBuildID: nil))
        try Toolchain.run(["objcopy", "--compress-debug-sections=\(form)", program])
        let found = frames(try ModuleSymbols(path: program, expectedBuildID: nil))
        #expect(found.map { $0.last?.function } == expected.map { $0.last?.function })
        #expect(found == expected || form == "zstd" && found.allSatisfy { $0.allSatisfy { $0.line == nil } })
    }
}
