// SPDX-License-Identifier: Apache-2.0
// Every row that `readelf --debug-dump=frames-interp` prints for a library must be in our table.

import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite struct ReadelfOracleTests {
    static let libraries = [
        "/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libcrypto.so.3",
        TestTools.swiftLibraries + "/libswiftCore.so", TestTools.swiftLibraries + "/libFoundationEssentials.so",
    ].filter { FileManager.default.fileExists(atPath: $0) }

    @Test(arguments: libraries)
    func everyRowIsEqual(library: String) throws {
        let table = try #require(try UnwindTableBuilder.frameTable(path: library).flatMap(UnwindTableView.init))
        let dump = try TestTools.run(["readelf", "--debug-dump=frames-interp", library]).output
        var (compared, differing, beyond) = (0, 0, 0)
        var examples: [String] = []
        for row in ReadelfRow.rows(of: dump) {
            compared += 1
            let rule = table.rule(at: row.address)
            if rule.kind == PP_UNWIND_OTHER.rawValue { beyond += 1 }
            if row.agrees(with: rule) { continue }
            differing += 1
            if examples.count < 5 {
                examples.append("\(row) has \(rule), kind \(rule.kind) fp \(rule.fp) \(rule.offset)")
            }
        }
        print("\(library): \(compared) rows compared, \(differing) differ, \(beyond) beyond the rules")
        #expect(compared > 100)
        #expect(differing == 0, "\(examples)")
    }
}

/// A line such as `00000000000270e1 rsp+16   c-16  c-8` with the names of its columns.
struct ReadelfRow {
    var address: UInt64
    var frameAddress: String
    var columns: [String: String]

    /// Rows of functions, without those of CIEs; of several at the same address the last.
    static func rows(of dump: String) -> [ReadelfRow] {
        var result: [ReadelfRow] = []
        var names: [String] = []
        var isFunction = false
        for line in dump.split(separator: "\n") {
            // A register's number comes with its name, as in `r5 (rdi)`.
            let words = line.split(separator: " ").filter { !$0.hasPrefix("(") }.map(String.init)
            if words.contains("FDE") || words.contains("CIE") {
                isFunction = words.contains("FDE")
            } else if words.first == "LOC" {
                names = Array(words.dropFirst(2))
            } else if isFunction, words.count >= 2, let address = UInt64(words[0], radix: 16), words[0].count == 16 {
                let columns = Dictionary(zip(names, words.dropFirst(2)), uniquingKeysWith: { $1 })
                let row = ReadelfRow(address: address, frameAddress: words[1], columns: columns)
                if result.last?.address == address { result.removeLast() }
                result.append(row)
            }
        }
        return result
    }

    func agrees(with rule: UnwindTableView.Rule) -> Bool {
        let returnAddress = columns["ra"] ?? "c-8"
        if returnAddress == "u" { return rule.kind == PP_UNWIND_END.rawValue }
        if returnAddress != "c-8" && returnAddress != "exp" { return rule.kind == PP_UNWIND_OTHER.rawValue }
        guard frameAddress != "exp" else { return isByExpression(rule.kind) }
        guard rule.kind == kind, rule.kind == PP_UNWIND_OTHER.rawValue || rule.offset == offset else {
            return kind != PP_UNWIND_OTHER.rawValue && offset >= 1 << 20 && rule.kind == PP_UNWIND_OTHER.rawValue
        }
        if rule.kind == PP_UNWIND_OTHER.rawValue { return true }
        return rule.fp == code("rbp") && rule.async == code("r14")
    }

    private func isByExpression(_ kind: UInt32) -> Bool {
        [PP_UNWIND_FP_DEREF, PP_UNWIND_SP_DEREF, PP_UNWIND_PLT, PP_UNWIND_SIGNAL, PP_UNWIND_OTHER]
            .contains { $0.rawValue == kind }
    }

    private var parts: (register: String, offset: Int64) {
        let at = frameAddress.firstIndex { $0 == "+" || $0 == "-" } ?? frameAddress.endIndex
        return (String(frameAddress[..<at]), Int64(frameAddress[at...].drop { $0 == "+" }) ?? 0)
    }

    private var offset: Int64 { parts.offset }

    private var kind: UInt32 {
        switch parts {
        case ("rsp", _): PP_UNWIND_SP.rawValue
        case ("rbp", _): PP_UNWIND_FP.rawValue
        case ("rbx", 32): PP_UNWIND_RESOLVE.rawValue
        default: PP_UNWIND_OTHER.rawValue
        }
    }

    /// The code of a saved register in a rule.
    private func code(_ register: String) -> UInt32 {
        let text = columns[register] ?? "u"
        if text == "u" || text == "s" { return UInt32(PP_RULE_SAME) }
        guard text.hasPrefix("c-"), let distance = UInt32(text.dropFirst(2)), distance <= 240 else {
            return UInt32(PP_RULE_UNKNOWN)
        }
        return distance / 8 + 1
    }
}
