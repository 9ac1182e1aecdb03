// SPDX-License-Identifier: Apache-2.0
// Swift names: the runtime's short form, with the variants of a function folded into it, and its module.
//
//   specialized Array.append(_:)                               -> Array.append(_:)
//   partial apply for closure #1 in Foo.bar(label:)            -> closure #1 in Foo.bar(label:)
//   protocol witness for P.bar() in conformance Foo            -> Foo.bar()
//   static, getter, closure, "thunk for", "type metadata accessor for" stay: they say what the code is.

enum SwiftName {
    /// Variants of the function that follows.
    private static let variants = [
        "specialized ", "partial apply for ", "partial apply forwarder for ", "merged ", "dispatch thunk of ",
        "async function pointer to ", "suspend resume partial function for ", "await resume partial function for ",
        "distributed thunk ", "distributed accessor for ", "back deployment thunk for ",
        "back deployment fallback for ", "dynamically replaceable variable for ", "inlined generic function ",
        "generic specialization of ", "vtable thunk for ", "@objc ", "@nonobjc ", "non-objc ", "curry thunk of ",
    ]

    static func isMangled(_ name: String) -> Bool {
        ["$s", "$S", "$e", "_$s", "_$S", "_$e", "_T0", "__T0"].contains { name.hasPrefix($0) }
    }

    /// Nil if the runtime cannot demangle it.
    static func demangle(_ mangled: String) -> DemangledName? {
        guard let short = Demangler.short(mangled) else { return nil }
        let name = folded(short)
        guard !name.isEmpty else { return nil }  // A variant of nothing: damaged.
        return DemangledName(name: name, module: SwiftModule.name(of: mangled, display: name), language: .swift)
    }

    static func folded(_ short: String) -> String {
        var rest = short[...]
        var removed = true
        while removed {
            removed = false
            for variant in variants where rest.hasPrefix(variant) {
                rest = rest.dropFirst(variant.count)
                removed = true
            }
        }
        return withoutPlaceholders(witness(String(rest)) ?? String(rest))
    }

    /// `Array<A>.total()` is `Array.total()`: names of generic parameters say nothing. `<Int>` and operators stay.
    static func withoutPlaceholders(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "<")) else { return name }
        var result: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "<"), result.last.map(isNameEnd) ?? false, let end = placeholdersEnd(rest) {
                rest = rest[end...]
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Index after a `<A, B1>` or `<>` at the front; nil if there is something else between the brackets.
    private static func placeholdersEnd(_ text: ArraySlice<UInt8>) -> Int? {
        guard let close = text.firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let list = String(decoding: text[(text.startIndex + 1)..<close], as: UTF8.self)
        let isPlain = list.split(separator: ", ").allSatisfy { parameter in
            ("A"..."Z").contains(parameter.prefix(1)) && parameter.dropFirst().allSatisfy(\.isNumber)
        }
        // Before a method, or its parameters, or at the end: elsewhere the brackets may be operators.
        let next = close + 1 < text.endIndex ? text[close + 1] : UInt8(ascii: "(")
        guard isPlain, next == UInt8(ascii: ".") || next == UInt8(ascii: "(") || next == UInt8(ascii: " ") else {
            return nil
        }
        return close + 1
    }

    private static func isNameEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
            || (0x61...0x7a).contains(byte)
    }

    /// A witness thunk jumps to the function of the conforming type: its name is that function's.
    private static func witness(_ name: String) -> String? {
        let prefix = "protocol witness for "
        guard name.hasPrefix(prefix), let range = name.firstRange(of: " in conformance ") else { return nil }
        var requirement = String(name[name.index(name.startIndex, offsetBy: prefix.count)..<range.lowerBound])
        let isStatic = requirement.hasPrefix("static ")
        if isStatic { requirement.removeFirst("static ".count) }
        guard let dot = requirement.firstIndex(of: ".") else { return nil }
        return (isStatic ? "static " : "") + nominal(name[range.upperBound...]) + requirement[dot...]
    }

    /// A type as it stands before a method: `[A]` is Array, `Foo<A>` is Foo.
    private static func nominal(_ type: Substring) -> Substring {
        if type.hasPrefix("<"), let end = type.firstRange(of: "> ") { return nominal(type[end.upperBound...]) }
        if type.hasPrefix("[") { return type.contains(" : ") ? "Dictionary" : "Array" }
        if type.hasSuffix("?") { return "Optional" }
        return type.firstIndex(of: "<").map { type[..<$0] } ?? type
    }
}
