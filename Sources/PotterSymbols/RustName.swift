// SPDX-License-Identifier: Apache-2.0

/// Names of Rust's legacy mangling, which is C++'s with a hash and escapes in it.
enum RustName {
    private static let escapes: [(String, String)] = [
        ("$LT$", "<"), ("$GT$", ">"), ("$RF$", "&"), ("$BP$", "*"), ("$C$", ","), ("$LP$", "("), ("$RP$", ")"),
        ("$SP$", "@"),
    ]

    /// - Parameter name: demangled as C++: `core::ptr::drop_in_place$LT$T$GT$::h0123456789abcdef`.
    /// - Returns: nil if it is no legacy Rust name: no hash at its end.
    static func readable(_ name: String) -> String? {
        guard let path = withoutHash(name) else { return nil }
        let parts = split(path).map { part -> String in
            // `_$LT$impl…` has the underscore only because an identifier must not begin with a dollar.
            var text = part.hasPrefix("_$") ? String(part.dropFirst()) : part
            for (escape, plain) in escapes { text = text.replacing(escape, with: plain) }
            return unescaped(text.replacing("..", with: "::"))
        }
        return parts.joined(separator: "::")
    }

    private static func withoutHash(_ name: String) -> String? {
        let tail = name.suffix(19)
        guard name.utf8.count > 19, tail.hasPrefix("::h"), tail.dropFirst(3).utf8.allSatisfy(isHexadecimal) else {
            return nil
        }
        return String(name.dropLast(19))
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func split(_ path: String) -> [String] {
        var parts: [String] = []
        var rest = path[...]
        while let range = rest.firstRange(of: "::") {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }

    /// `$u20$` is the character U+0020.
    private static func unescaped(_ text: String) -> String {
        guard text.contains("$u") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "$u"),
            let end = rest[start.upperBound...].utf8.firstIndex(of: UInt8(ascii: "$")),
            let scalar = UInt32(rest[start.upperBound..<end], radix: 16).flatMap(Unicode.Scalar.init)
        {
            result += rest[..<start.lowerBound]
            result.unicodeScalars.append(scalar)
            rest = rest[rest.utf8.index(after: end)...]
        }
        return result + rest
    }
}
