// SPDX-License-Identifier: Apache-2.0
// Names of Rust's v0 mangling (RFC 2603, rustc book "v0 Symbol Format"), as rustc-demangle's alternate form shows them:
// without hashes of crates and types of constants.
//
//   _RNvMs_Cs1234_5cratNtB4_3Foo3new      <crat::Foo>::new
//   RustV0Name         cursor, limits     RustV0Name+Path    paths, generic arguments
//   RustV0Name+Type    types, lifetimes   RustV0Name+Const   values of const generics
//
// libiberty's rust_demangle can be linked, but must not be given hostile names: `_RNvMINvC1a1bFGzzzzzzzz_EuEC1a1c`
// keeps it busy for centuries (a binder's lifetimes are counted up while nothing is printed), references back double
// the output with every 4 bytes, and nothing stops it. Here both are bounded.

struct RustV0Name {
    /// Deepest nesting; rustc-demangle's limit is 500.
    private static let maximumDepth = 200
    /// A longer name is none that somebody reads, bytes.
    private static let maximumOutput = 16_384

    /// Not a name after this grammar, or beyond the limits.
    struct Malformed: Error {}

    let input: [UInt8]
    var position = 0
    var output: [UInt8] = []
    /// What is parsed is left out, and references back are not followed.
    var isSilent = false
    /// Lifetimes that the binders around bind.
    var boundLifetimes: UInt64 = 0
    private var depth = 0

    /// - Parameter mangled: with `_R` or `__R` in front.
    /// - Returns: nil if it is no such name.
    static func readable(_ mangled: String) -> String? {
        let bytes = Array(mangled.utf8)
        let start = bytes.starts(with: [0x5f, 0x52]) ? 2 : bytes.starts(with: [0x5f, 0x5f, 0x52]) ? 3 : 0
        // Positions count from behind the prefix. Paths begin with an upper-case letter; a digit is a later version.
        guard start > 0, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        var name = RustV0Name(input: Array(bytes[start...]))
        do { try name.symbol() } catch { return nil }
        return String(decoding: name.output, as: UTF8.self)
    }

    private init(input: [UInt8]) { self.input = input }

    private mutating func symbol() throws {
        try path(inValue: true)
        if let next = peek, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(next) {
            // The crate that this copy of a generic function was made for.
            try silently { try $0.path(inValue: false) }
        }
        // What vendors append: `.llvm.123`.
        guard peek == nil || peek == UInt8(ascii: ".") || peek == UInt8(ascii: "$") else { throw Malformed() }
    }

    // MARK: Cursor

    var peek: UInt8? { position < input.count ? input[position] : nil }

    mutating func next() throws -> UInt8 {
        guard position < input.count else { throw Malformed() }
        defer { position += 1 }
        return input[position]
    }

    mutating func skip(_ tag: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: tag) else { return false }
        position += 1
        return true
    }

    /// `_` is 0, `0_` is 1, `Z_` is 62.
    mutating func base62() throws -> UInt64 {
        if skip("_") { return 0 }
        var value: UInt64 = 0
        while !skip("_") {
            let digit = try next()
            let (product, isLarge) = value.multipliedReportingOverflow(by: 62)
            let (sum, isLarger) = product.addingReportingOverflow(try Self.base62Digit(digit))
            guard !isLarge, !isLarger else { throw Malformed() }
            value = sum
        }
        guard value < .max else { throw Malformed() }
        return value + 1
    }

    private static func base62Digit(_ byte: UInt8) throws -> UInt64 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A")) + 36
        default: throw Malformed()
        }
    }

    /// 0 where the tag is missing, else one more than the number behind it.
    mutating func optionalBase62(_ tag: Unicode.Scalar) throws -> UInt64 {
        guard skip(tag) else { return 0 }
        let value = try base62()
        guard value < .max else { throw Malformed() }
        return value + 1
    }

    /// Without a disambiguator: `3foo`, `u8gdel_5qa` (Punycode).
    mutating func identifier() throws -> [UInt8] {
        let isPunycode = skip("u")
        var count = 0
        guard let first = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { throw Malformed() }
        while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
            count = count * 10 + Int(digit - UInt8(ascii: "0"))
            position += 1
            guard count <= input.count, first != UInt8(ascii: "0") || count == 0 else { throw Malformed() }
            if first == UInt8(ascii: "0") { break }
        }
        _ = skip("_")  // Where the name begins with a digit or an underscore.
        guard count <= input.count - position else { throw Malformed() }
        let bytes = Array(input[position..<position + count])
        position += count
        guard isPunycode else { return bytes }
        guard let decoded = Punycode.decoded(bytes) else { throw Malformed() }
        return Array(decoded.utf8)
    }

    // MARK: Limits and output

    mutating func write(_ text: String) throws { try write(Array(text.utf8)) }

    mutating func write(_ bytes: [UInt8]) throws {
        guard !isSilent else { return }
        guard output.count + bytes.count <= Self.maximumOutput else { throw Malformed() }
        output += bytes
    }

    mutating func nested(_ body: (inout RustV0Name) throws -> Void) throws {
        guard depth < Self.maximumDepth else { throw Malformed() }
        depth += 1
        try body(&self)
        depth -= 1
    }

    mutating func silently(_ body: (inout RustV0Name) throws -> Void) throws {
        let wasSilent = isSilent
        isSilent = true
        try body(&self)
        isSilent = wasSilent
    }

    /// Items until `E`, with a separator. Returns how many.
    @discardableResult
    mutating func list(separator: String, _ item: (inout RustV0Name) throws -> Void) throws -> Int {
        var count = 0
        while !skip("E") {
            if count > 0 { try write(separator) }
            try item(&self)
            count += 1
        }
        return count
    }

    /// The tag `B` was read: what stands at an earlier position stands here, too.
    mutating func backReference(_ body: (inout RustV0Name) throws -> Void) throws {
        let start = position - 1
        let target = try base62()
        guard target < UInt64(start) else { throw Malformed() }
        guard !isSilent else { return }
        let resume = position
        position = Int(target)
        try nested(body)
        position = resume
    }
}
