// SPDX-License-Identifier: Apache-2.0

/// Why the symbols of a file could not be read, in words for the person at the terminal.
public struct SymbolError: Error, CustomStringConvertible, Sendable {
    /// What went wrong, for programs.
    public enum Code: Sendable, Equatable {
        /// The file could not be opened or read.
        case unreadable
        /// It is not an ELF file, or too damaged to be read as one.
        case notELF
        /// Its build-id is not that of the file that was mapped: it was replaced, its names would be wrong.
        case replaced
    }

    public let code: Code
    /// What could not be done.
    public let what: String
    /// The file, or the name of an image in memory.
    public let path: String
    /// The cause.
    public let why: String
    /// What to do about it.
    public let advice: String

    public var description: String { "\(what) \(path): \(why); \(advice)" }
}

extension SymbolError {
    static func unreadable(_ path: String, _ why: String) -> Self {
        Self(
            code: .unreadable, what: "cannot read symbols of", path: path, why: why,
            advice: "check that the file still exists and may be read; its functions show as [module+offset]")
    }

    static func notELF(_ path: String, _ why: String) -> Self {
        Self(
            code: .notELF, what: "cannot read symbols of", path: path, why: why,
            advice: "check the file with `readelf -h`; its functions show as [module+offset]")
    }

    static func replaced(_ path: String, mapped: [UInt8], found: [UInt8]) -> Self {
        let has = found.isEmpty ? "it has no build-id" : "its build-id is \(found.hexadecimal)"
        return Self(
            code: .replaced, what: "will not take symbols from", path: path,
            why: "the file was replaced: \(has), the mapped one had \(mapped.hexadecimal)",
            advice: "record again with the new file, or put the old one back")
    }
}

extension Sequence<UInt8> {
    /// Lower-case hexadecimal, two digits a byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
