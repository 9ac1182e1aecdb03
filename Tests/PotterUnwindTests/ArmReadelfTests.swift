// SPDX-License-Identifier: Apache-2.0
// Every row that readelf prints of arm64 files must be in our table: Debian's libraries, made by gcc, and programs of
// clang, which lays out frames in another way, with and without signed return addresses.

import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite(.enabled(if: ArmTools.isInstalled)) struct ArmReadelfTests {
    private static let libraries =
        ["libc.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-aarch64.so.1"]
        + (ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
            ? ["libm.so.6", "libgomp.so.1", "libasan.so.8", "libtsan.so.2", "libubsan.so.1", "libhwasan.so.0"] : [])

    @Test(arguments: libraries)
    func everyRowOfDebiansLibraries(library: String) throws {
        try Self.compare(ArmTools.libraries + "/" + library, atLeast: library == "libgcc_s.so.1" ? 500 : 1000)
    }

    @Test(arguments: [
        ["-O2"], ["-O0"], ["-O2", "-mbranch-protection=standard"], ["-O2", "-fomit-frame-pointer"],
    ])
    func everyRowOfClangsPrograms(flags: [String]) throws {
        let source = TestTools.programs.appending(path: "plants.c").path
        let name = "rows" + flags.joined()
        let program = try ArmTools.compile([source], flags + ["-shared", "-fPIC"], to: name)
        try Self.compare(program.path, atLeast: 50)
    }

    private static func compare(_ path: String, atLeast least: Int) throws {
        let table = try #require(try UnwindTableBuilder.frameTable(path: path, for: .aarch64).flatMap(ArmTable.init))
        let rows = ReadelfRow.rows(of: try TestTools.run(["readelf", "--debug-dump=frames-interp", path]).output)
        let facts = ArmFrameFacts(dump: try TestTools.run(["readelf", "--debug-dump=frames", path]).output)
        var (differing, beyond) = (0, 0)
        var examples: [String] = []
        for row in rows {
            let found = table.rule(at: row.address)
            if found == "other" { beyond += 1 }
            let expected = row.armRule(facts)
            if found == expected { continue }
            differing += 1
            if examples.count < 5 { examples.append("\(row) is \(found), not \(expected)") }
        }
        print(
            "\(path): \(rows.count) rows compared, \(differing) differ, \(beyond) beyond the rules, "
                + "\(table.layouts.count) layouts")
        #expect(rows.count >= least)
        #expect(differing == 0, "\(examples)")
        #expect(beyond <= 5)
    }
}

/// What readelf prints of entries but not of rows.
struct ArmFrameFacts {
    /// Where x30 is undefined. In rows that looks like a register that nobody mentioned.
    private(set) var outermost: [Range<UInt64>] = []
    /// Functions that return by another register than x30: rawmemchr of glibc.
    private(set) var foreign: [Range<UInt64>] = []

    init(dump: String) {
        var foreignEntries: Set<Substring> = []
        var (entry, advance): (Substring, Substring?) = ("", nil)
        var function: Range<UInt64> = 0..<0
        for line in dump.split(separator: "\n") {
            if line.first != " " {
                let words = line.split(separator: " ")
                if words.last == "CIE" { entry = words[0] }
                guard words.count == 6, words[3] == "FDE", let range = Self.range(words[5]) else { continue }
                (function, advance) = (range, nil)
                if foreignEntries.contains(words[4].dropFirst("cie=".count)) { foreign.append(range) }
            } else if line.hasPrefix("  Return address column:") {
                if !line.hasSuffix(" 30") { foreignEntries.insert(entry) }
            } else if line.hasPrefix("  DW_CFA_advance_loc") {
                advance = line.split(separator: " ").last
            } else if line.hasPrefix("  DW_CFA_undefined: r30") {
                outermost.append(
                    (advance.flatMap { UInt64($0, radix: 16) } ?? function.lowerBound)..<function.upperBound)
            }
        }
    }

    /// Of `pc=START..END`.
    private static func range(_ text: Substring) -> Range<UInt64>? {
        let bounds = text.dropFirst("pc=".count).split(separator: ".").compactMap { UInt64($0, radix: 16) }
        return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]..<bounds[1] : nil
    }
}

extension ReadelfRow {
    /// What this row should have become, as ArmTable says it.
    func armRule(_ facts: ArmFrameFacts) -> String {
        let returnAddress = columns["ra"] ?? "u"
        if facts.outermost.contains(where: { $0.contains(address) }) { return "end" }
        if facts.foreign.contains(where: { $0.contains(address) }) { return "other" }
        let at = frameAddress.firstIndex { $0 == "+" || $0 == "-" } ?? frameAddress.endIndex
        let register = frameAddress[..<at]
        guard register == "sp" || register == "x29", var offset = Int(frameAddress[at...].drop { $0 == "+" }) else {
            return "other"
        }
        // _dl_runtime_resolve: the two words that the PLT pushed belong to the callee (FrameLayouts.swift).
        let pushed = returnAddress == "c+8" ? 16 : 0
        offset += pushed
        func place(_ text: String?) -> String {
            guard let text, text != "u", text != "s" else { return "=" }
            guard text.hasPrefix("c"), let distance = Int(text.dropFirst().drop { $0 == "+" }) else { return "?" }
            return Self.signed(distance - pushed)
        }
        return "\(register)\(Self.signed(offset)) ra\(place(returnAddress)) fp\(place(columns["x29"]))"
            + " x22\(place(columns["x22"]))"
    }

    private static func signed(_ value: Int) -> String { value < 0 ? "\(value)" : "+\(value)" }
}
