// SPDX-License-Identifier: Apache-2.0
// Names of a recording against what readelf says of the files: a name is true if a symbol of that name covers the pc.
import Foundation
import PotterRecording

struct NameCheck {
    struct Symbol {
        var start: UInt64
        var size: UInt64
        var name: String

        /// A symbol without a size (hand-written assembly) reaches as far as nobody else's.
        func covers(_ address: UInt64) -> Bool { address >= start && (size == 0 || address < start + size) }
    }

    private(set) var checked = 0
    private(set) var unknown = 0
    private(set) var wrong: [String] = []
    private static let limit = 1_000

    /// Checks the physical frame of up to a thousand locations of a recording.
    init(_ run: RecordedRun) throws {
        // The outermost frame of a location is the function that holds the pc; the others were inlined into it.
        let rows = try Workbench.run([
            "sqlite3", "-separator", "\t", run.path,
            """
            SELECT m.path, l.address, f.name, f.system_name FROM location l JOIN module m ON m.id = l.module
            JOIN location_frame lf ON lf.location = l.id AND lf.depth = (SELECT max(depth) FROM location_frame x WHERE x.location = l.id)
            JOIN function f ON f.id = lf.function WHERE m.path LIKE '/%' AND m.path NOT LIKE '%libPotter%' ORDER BY l.id % 97, l.id
            """,
        ])
        var tables: [String: [Symbol]] = [:]
        for row in rows.split(separator: "\n").prefix(Self.limit) {
            let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let address = UInt64(fields[1]) else { continue }
            let symbols = try tables[fields[0]] ?? Self.symbols(of: fields[0])
            tables[fields[0]] = symbols
            check(address, name: fields[2], systemName: fields[3], in: fields[0], symbols)
        }
    }

    private mutating func check(
        _ address: UInt64, name: String, systemName: String, in path: String, _ symbols: [Symbol]
    ) {
        guard FileManager.default.fileExists(atPath: path) else {
            unknown += 1
            return
        }
        checked += 1
        let covering = symbols.filter { $0.covers(address) }
        let what = "\(name) at 0x\(String(address, radix: 16)) of \(path)"
        if name.hasPrefix("[") {
            let start = name.split(separator: "+0x").last.flatMap { UInt64($0.dropLast(), radix: 16) }
            if start == nil || start! > address { wrong.append("\(what): starts after it") }
            if let symbol = covering.first(where: { $0.size > 0 }) { wrong.append("\(what): lies in \(symbol.name)") }
        } else if !name.hasSuffix("@plt"), !covering.contains(where: { Self.same($0.name, name, systemName) }) {
            wrong.append("\(what): covered by \(covering.map(\.name).prefix(3))")
        }
    }

    private static func same(_ symbol: String, _ name: String, _ systemName: String) -> Bool {
        let bare = symbol.prefix { $0 != "@" }
        return bare == systemName || bare == name || bare.prefix { $0 != "." } == name
            || bare.hasPrefix(systemName + ".") || (bare.hasPrefix("_ZN") && variant(bare) == variant(systemName))
    }

    /// A C++ constructor or destructor has up to three symbols and one name, so a recording holds it as one function.
    private static func variant(_ symbol: some StringProtocol) -> String {
        String(symbol).replacing(#/([CD])[0-3]E/#) { "\($0.1)E" }
    }

    /// Functions of the file and of its separate debug file, where that is installed.
    private static func symbols(of path: String) throws -> [Symbol] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        var files = [path]
        let notes = try Workbench.run(["readelf", "-nW", path])
        if let id = notes.firstMatch(of: #/Build ID: ([0-9a-f]{2})([0-9a-f]+)/#) {
            let debug = "/usr/lib/debug/.build-id/\(id.1)/\(id.2).debug"
            if FileManager.default.fileExists(atPath: debug) { files.append(debug) }
        }
        return try files.flatMap { file in
            try Workbench.run(["readelf", "-sW", "--dyn-syms", file]).split(separator: "\n").compactMap {
                line -> Symbol? in
                let fields = line.split(separator: " ")
                guard fields.count >= 8, ["FUNC", "IFUNC", "NOTYPE"].contains(fields[3]), fields[6] != "UND",
                    let start = UInt64(fields[1], radix: 16)
                else { return nil }
                let size = fields[2].hasPrefix("0x") ? UInt64(fields[2].dropFirst(2), radix: 16) : UInt64(fields[2])
                return Symbol(start: start, size: size ?? 0, name: String(fields[7]))
            }
        }
    }
}
