// SPDX-License-Identifier: Apache-2.0
// Paths: crates, modules, functions, closures, implementations, generic arguments.

extension RustV0Name {
    /// - Parameter inValue: among expressions generic arguments are written `::<T>`, among types `<T>`.
    mutating func path(inValue: Bool) throws {
        try nested { try $0.pathBody(inValue: inValue) }
    }

    private mutating func pathBody(inValue: Bool) throws {
        switch Unicode.Scalar(try next()) {
        case "C":
            _ = try optionalBase62("s")  // The crate's hash.
            try write(identifier())
        case "M":
            try implementation()
            try angled { try $0.type() }
        case "X":
            try implementation()
            try angled { try $0.typeAsTrait() }
        case "Y": try angled { try $0.typeAsTrait() }
        case "N": try member(inValue: inValue)
        case "I":
            try path(inValue: inValue)
            if inValue { try write("::") }
            try angled { name in try name.list(separator: ", ") { try $0.genericArgument() } }
        case "B": try backReference { try $0.path(inValue: inValue) }
        default: throw Malformed()
        }
    }

    private mutating func angled(_ body: (inout RustV0Name) throws -> Void) throws {
        try write("<")
        try body(&self)
        try write(">")
    }

    /// Where an implementation stands says nothing: its type does.
    private mutating func implementation() throws {
        _ = try optionalBase62("s")
        try silently { try $0.path(inValue: false) }
    }

    private mutating func typeAsTrait() throws {
        try type()
        try write(" as ")
        try path(inValue: false)
    }

    /// `N` with a namespace: lower-case ones are not shown, upper-case ones are no names of the source.
    private mutating func member(inValue: Bool) throws {
        let space = try next()
        try path(inValue: inValue)
        let number = try optionalBase62("s")
        let name = try identifier()
        switch space {
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            if !name.isEmpty { try write(Array("::".utf8) + name) }
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            let kind =
                switch Unicode.Scalar(space) {
                case "C": "closure"
                case "S": "shim"
                default: String(Unicode.Scalar(space))
                }
            try write("::{\(kind)")
            if !name.isEmpty { try write(Array(":".utf8) + name) }
            try write("#\(number)}")
        default: throw Malformed()
        }
    }

    mutating func genericArgument() throws {
        if skip("L") {
            try lifetime(base62())
        } else if skip("K") {
            try constant(inValue: false)
        } else {
            try type()
        }
    }

    /// A trait of `dyn`, whose associated types stand among the generic arguments: `Iterator<Item = u8>`.
    mutating func dynTrait() throws {
        var isOpen = try pathWithOpenArguments()
        while skip("p") {
            try write(isOpen ? ", " : "<")
            isOpen = true
            try write(identifier())
            try write(" = ")
            try type()
        }
        if isOpen { try write(">") }
    }

    /// True if a `<` is still open.
    private mutating func pathWithOpenArguments() throws -> Bool {
        var isOpen = false
        if skip("B") {
            try backReference { isOpen = try $0.pathWithOpenArguments() }
        } else if skip("I") {
            try path(inValue: false)
            try write("<")
            try list(separator: ", ") { try $0.genericArgument() }
            isOpen = true
        } else {
            try path(inValue: false)
        }
        return isOpen
    }
}
