// SPDX-License-Identifier: Apache-2.0
// Which file the names may come from: build-ids, stripped files and their separate debug files.

import Foundation
import PotterSymbols
import Testing

@Suite struct ReplacedFileTests {
    let shop: Workshop
    let program: String

    init() throws {
        shop = try Workshop()
        program = try shop.build(Programs.c, as: "program.c", ["gcc", "-O2", "-g", "-Wl,--build-id=sha1"])
    }

    private func buildID(of path: String) throws -> [UInt8] {
        let notes = try Toolchain.run(["readelf", "-n", path])
        let text = try #require(notes.firstRange(of: "Build ID: ").map { notes[$0.upperBound...].prefix(40) })
        return stride(from: 0, to: 40, by: 2).compactMap {
            UInt8(text.dropFirst($0).prefix(2), radix: 16)
        }
    }

    @Test func acceptsTheMappedFileOnly() throws {
        let identifier = try buildID(of: program)
        let symbols = try ModuleSymbols(path: program, expectedBuildID: identifier)
        #expect(symbols.buildID == identifier)
        let other = identifier.map { $0 ^ 1 }
        let error = #expect(throws: SymbolError.self) { try ModuleSymbols(path: program, expectedBuildID: other) }
        #expect(error?.code == .replaced)
        #expect(error?.description.contains(program) == true)
        try Toolchain.run(["objcopy", "--remove-section=.note.gnu.build-id", program, "\(shop.path)/without"])
        #expect(throws: SymbolError.self) {
            try ModuleSymbols(path: "\(shop.path)/without", expectedBuildID: identifier)
        }
    }

    @Test func refusesWhatIsNoELF() throws {
        let text = try shop.write("no program", to: "text")
        let empty = try shop.write("", to: "empty")
        let cases: [(String, SymbolError.Code)] = [
            (text, .notELF), (empty, .notELF), (shop.path, .unreadable), ("\(shop.path)/missing", .unreadable),
        ]
        for (path, code) in cases {
            let error = #expect(throws: SymbolError.self) { try ModuleSymbols(path: path, expectedBuildID: nil) }
            #expect(error?.code == code, "\(path)")
        }
        let error = #expect(throws: SymbolError.self) {
            try ModuleSymbols(image: UnsafeRawBufferPointer(start: nil, count: 0), name: "[nothing]")
        }
        #expect(error?.code == .notELF)
    }

    @Test func namesStrippedFunctionsByTheirStart() throws {
        let work = try #require(try NamedSymbol.functions(in: program).first { $0.name == "work" })
        try Toolchain.run(["strip", program])
        let symbols = try ModuleSymbols(path: program, expectedBuildID: nil)
        let frames = symbols.frames(at: work.address + work.size - 1)
        #expect(frames.map(\.function) == ["[program+0x\(String(work.address, radix: 16))]"])
        #expect(symbols.symbol(at: work.address) == nil)
    }

    enum Place: CaseIterable { case beside, hidden, root, buildID }

    @Test(arguments: Place.allCases) func findsSeparateDebugFiles(place: Place) throws {
        let functions = try NamedSymbol.functions(in: program).filter { ["work", "rest", "main"].contains($0.name) }
        let inlined = try ModuleSymbols(path: program, expectedBuildID: nil).frames(at: try inlinedAddress())
        #expect(inlined.count > 1)
        let root = "\(shop.path)/root"
        let directory = try directory(for: place, root: root)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let name = place == .buildID ? try buildIDName() : "program.debug"
        let stripped = "\(shop.path)/stripped"
        try Toolchain.run(["objcopy", "--only-keep-debug", program, "\(directory)/\(name)"])
        try Toolchain.run(["objcopy", "--strip-all", program, stripped])
        if place != .buildID {
            try Toolchain.run(["objcopy", "--add-gnu-debuglink=\(directory)/\(name)", stripped])
        }
        let address = inlined.isEmpty ? 0 : try inlinedAddress()
        let symbols = try ModuleSymbols(
            path: stripped, expectedBuildID: nil, places: SymbolPlaces(debugDirectories: [root]))
        #expect(symbols.debugPath == "\(directory)/\(name)")
        #expect(symbols.frames(at: address) == inlined)
        #expect(functions.count == 3)
        for function in functions { #expect(symbols.symbol(at: function.address)?.name == function.name) }
        // Another program's debug file under the same name must not lend its names.
        try Toolchain.run(["gcc", "-O1", "-g", "\(shop.path)/program.c", "-o", "\(directory)/\(name)"])
        #expect(
            try ModuleSymbols(path: stripped, expectedBuildID: nil, places: SymbolPlaces(debugDirectories: [root]))
                .debugPath == nil)
    }

    /// Without build-ids the checksum in .gnu_debuglink decides.
    @Test func checksTheChecksum() throws {
        let plain = try shop.build(
            Programs.c, as: "plain.c", ["gcc", "-O2", "-g", "-Wl,--build-id=none"], output: "plain")
        try Toolchain.run(["objcopy", "--only-keep-debug", plain, "\(plain).debug"])
        try Toolchain.run(["objcopy", "--strip-all", "--add-gnu-debuglink=\(plain).debug", plain])
        #expect(try ModuleSymbols(path: plain, expectedBuildID: nil).debugPath == "\(plain).debug")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(plain).debug"))
        try file.seekToEnd()
        try file.write(contentsOf: Data([0]))
        try file.close()
        #expect(try ModuleSymbols(path: plain, expectedBuildID: nil).debugPath == nil)
    }

    private func directory(for place: Place, root: String) throws -> String {
        switch place {
        case .beside: shop.path
        case .hidden: "\(shop.path)/.debug"
        case .root: "\(root)\(shop.path)"
        case .buildID: "\(root)/.build-id/\(String(try hexBuildID().prefix(2)))"
        }
    }

    private func buildIDName() throws -> String { "\(try hexBuildID().dropFirst(2)).debug" }

    private func hexBuildID() throws -> String {
        try buildID(of: program).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// An address in `work` where the loop body was inlined.
    private func inlinedAddress() throws -> UInt64 {
        let symbols = try ModuleSymbols(path: program, expectedBuildID: nil)
        let work = try #require(try NamedSymbol.functions(in: program).first { $0.name == "work" })
        return try #require((work.address..<work.address + work.size).first { symbols.frames(at: $0).count == 3 })
    }
}
