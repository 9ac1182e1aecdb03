// SPDX-License-Identifier: Apache-2.0
// Types and lifetimes.

extension RustV0Name {
    private static let basicTypes: [UInt8: String] = Dictionary(
        uniqueKeysWithValues: [
            ("a", "i8"), ("b", "bool"), ("c", "char"), ("d", "f64"), ("e", "str"), ("f", "f32"), ("h", "u8"),
            ("i", "isize"), ("j", "usize"), ("l", "i32"), ("m", "u32"), ("n", "i128"), ("o", "u128"), ("p", "_"),
            ("s", "i16"), ("t", "u16"), ("u", "()"), ("v", "..."), ("x", "i64"), ("y", "u64"), ("z", "!"),
        ].map { (UInt8(ascii: $0.0), $0.1) })

    mutating func type() throws {
        try nested { try $0.typeBody() }
    }

    private mutating func typeBody() throws {
        let tag = try next()
        if let basic = Self.basicTypes[tag] { return try write(basic) }
        switch Unicode.Scalar(tag) {
        case "R", "Q": try reference(isMutable: tag == UInt8(ascii: "Q"))
        case "P": try prefixed("*const ")
        case "O": try prefixed("*mut ")
        case "A": try array()
        case "S":
            try prefixed("[")
            try write("]")
        case "T":
            try write("(")
            if try list(separator: ", ", { try $0.type() }) == 1 { try write(",") }
            try write(")")
        case "F": try bound { try $0.functionType() }
        case "D": try dynamicType()
        case "B": try backReference { try $0.type() }
        default:
            position -= 1
            try path(inValue: false)
        }
    }

    private mutating func prefixed(_ prefix: String) throws {
        try write(prefix)
        try type()
    }

    private mutating func reference(isMutable: Bool) throws {
        try write("&")
        if skip("L") {
            let index = try base62()
            if index > 0 {
                try lifetime(index)
                try write(" ")
            }
        }
        try prefixed(isMutable ? "mut " : "")
    }

    private mutating func array() throws {
        try prefixed("[")
        try write("; ")
        try constant(inValue: true)
        try write("]")
    }

    private mutating func functionType() throws {
        if skip("U") { try write("unsafe ") }
        if skip("K") {
            let abi = skip("C") ? [UInt8(ascii: "C")] : try identifier()
            try write("extern \"")
            try write(abi.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 })
            try write("\" ")
        }
        try write("fn(")
        try list(separator: ", ") { try $0.type() }
        try write(")")
        if !skip("u") { try prefixed(" -> ") }
    }

    private mutating func dynamicType() throws {
        try write("dyn ")
        try bound { name in try name.list(separator: " + ") { try $0.dynTrait() } }
        guard skip("L") else { throw Malformed() }
        let index = try base62()
        guard index > 0 else { return }
        try write(" + ")
        try lifetime(index)
    }

    // MARK: Lifetimes

    /// `for<'a, 'b> ` around a type. Each bound lifetime takes input where it is used: more are damage.
    private mutating func bound(_ body: (inout RustV0Name) throws -> Void) throws {
        let count = try optionalBase62("G")
        guard count <= UInt64(input.count - position) else { throw Malformed() }
        if count > 0 {
            try write("for<")
            for index in 0..<count {
                if index > 0 { try write(", ") }
                boundLifetimes += 1
                try lifetime(1)
            }
            try write("> ")
        }
        try body(&self)
        boundLifetimes -= count
    }

    /// - Parameter index: 0 is erased, 1 the innermost bound one.
    mutating func lifetime(_ index: UInt64) throws {
        guard index > 0 else { return try write("'_") }
        // A binder may lie where references back lead from, unseen while nothing is written.
        guard index <= boundLifetimes || isSilent else { throw Malformed() }
        guard !isSilent else { return }
        let level = boundLifetimes - index
        if level < 26 {
            try write("'\(Unicode.Scalar(UInt8(ascii: "a") + UInt8(level)))")
        } else {
            try write("'_\(level)")
        }
    }
}
