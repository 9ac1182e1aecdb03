// SPDX-License-Identifier: Apache-2.0
// Values of const generics: `8_usize` is shown as 8, structures as they are written.

extension RustV0Name {
    /// - Parameter inValue: among expressions a compound value needs no braces.
    mutating func constant(inValue: Bool) throws {
        try nested { try $0.constantBody(inValue: inValue) }
    }

    private mutating func constantBody(inValue: Bool) throws {
        let tag = try next()
        switch Unicode.Scalar(tag) {
        case "p": try write("_")
        case "B": try backReference { try $0.constant(inValue: inValue) }
        case "h", "t", "m", "y", "o", "j": try write(Self.number(hexadecimal()))
        case "a", "s", "l", "x", "n", "i":
            if skip("n") { try write("-") }
            try write(Self.number(hexadecimal()))
        case "b":
            switch try hexadecimal() {
            case [0]: try write("false")
            case [1]: try write("true")
            default: throw Malformed()
            }
        case "c": try character()
        default: try compound(tag, inValue: inValue)
        }
    }

    private mutating func compound(_ tag: UInt8, inValue: Bool) throws {
        if !inValue { try write("{") }
        switch Unicode.Scalar(tag) {
        case "e":
            try write("*")
            try string()
        case "R" where peek == UInt8(ascii: "e"):
            position += 1
            try string()
        case "R", "Q":
            try write(tag == UInt8(ascii: "R") ? "&" : "&mut ")
            try constant(inValue: true)
        case "A":
            try write("[")
            try list(separator: ", ") { try $0.constant(inValue: true) }
            try write("]")
        case "T": try tuple()
        case "V": try structure()
        default: throw Malformed()
        }
        if !inValue { try write("}") }
    }

    private mutating func tuple() throws {
        try write("(")
        if try list(separator: ", ", { try $0.constant(inValue: true) }) == 1 { try write(",") }
        try write(")")
    }

    private mutating func structure() throws {
        try path(inValue: true)
        switch Unicode.Scalar(try next()) {
        case "U": break
        case "T":
            try write("(")
            try list(separator: ", ") { try $0.constant(inValue: true) }
            try write(")")
        case "S":
            try write(" { ")
            try list(separator: ", ") { name in
                _ = try name.optionalBase62("s")
                try name.write(name.identifier())
                try name.write(": ")
                try name.constant(inValue: true)
            }
            try write(" }")
        default: throw Malformed()
        }
    }

    // MARK: Literals

    /// Half bytes until `_`, without leading zeros but for 0 itself.
    private mutating func hexadecimal() throws -> [UInt8] {
        var digits: [UInt8] = []
        while !skip("_") {
            let byte = try next()
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
            default: throw Malformed()
            }
        }
        guard !digits.isEmpty else { throw Malformed() }
        return digits
    }

    /// Decimal up to 64 bits, hexadecimal above.
    private static func number(_ digits: [UInt8]) -> String {
        let significant = digits.drop { $0 == 0 }
        if significant.count > 16 { return "0x" + significant.map { String($0, radix: 16) }.joined() }
        return String(significant.reduce(UInt64(0)) { $0 << 4 | UInt64($1) })
    }

    private mutating func character() throws {
        let digits = try hexadecimal().drop { $0 == 0 }
        guard digits.count <= 6, let scalar = Unicode.Scalar(digits.reduce(UInt32(0)) { $0 << 4 | UInt32($1) }) else {
            throw Malformed()
        }
        try write("'\(Self.escaped(scalar, quote: "'"))'")
    }

    /// UTF-8 in hexadecimal.
    private mutating func string() throws {
        var digits: [UInt8] = []
        if peek == UInt8(ascii: "_") { position += 1 } else { digits = try hexadecimal() }
        guard digits.count % 2 == 0 else { throw Malformed() }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
        try write("\"" + text.unicodeScalars.map { Self.escaped($0, quote: "\"") }.joined() + "\"")
    }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\0": "\\0"
        case "\\": "\\\\"
        case quote: "\\\(quote)"
        case _ where scalar.value < 32 || scalar.value == 127: "\\u{\(String(scalar.value, radix: 16))}"
        default: String(scalar)
        }
    }
}
