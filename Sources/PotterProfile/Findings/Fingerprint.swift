// SPDX-License-Identifier: Apache-2.0

/// Tells whether two findings, of different builds and runs, are about the same thing. Made of the finding's kind, the
/// module and the readable name of the function: of nothing that a compiler, a linker or a place on disk decides.
public struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// 16 hexadecimal digits.
    public let description: String

    public init(_ kind: Finding.Kind, _ function: Function) {
        let text = [kind.rawValue, Self.module(of: function), Self.name(of: function)].joined(separator: "\u{0}")
        let digits = String(Self.hash(text), radix: 16)
        description = String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The language's module; else the name of the file with the code, a library's without its version.
    private static func module(of function: Function) -> String {
        guard function.module.isEmpty else { return function.module }
        let file = Function.fileName(of: function.binary)
        guard let end = file.firstRange(of: ".so")?.upperBound else { return file }
        let version = file[end...]
        return version.allSatisfy { $0 == "." || $0.isNumber } ? String(file[..<end]) : file
    }

    /// Code without a symbol, `[file+0x1234]`, has an address for a name: all of a file is one.
    private static func name(of function: Function) -> String {
        guard function.name.hasPrefix("["), let plus = function.name.firstRange(of: "+0x") else { return function.name }
        return "[" + Function.fileName(of: String(function.name[..<plus.lowerBound].dropFirst())) + "]"
    }

    /// FNV-1a, 64 bits: Swift's own hash differs from run to run.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
