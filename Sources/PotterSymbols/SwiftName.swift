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
        return witness(String(rest)) ?? String(rest)
    }

    /// A witness thunk jumps to the function of the conforming type: its name is that function's.
    private static func witness(_ name: String) -> String? {
        let prefix = "protocol witness for "
        guard name.hasPrefix(prefix), let range = name.firstRange(of: " in conformance ") else { return nil }
        var requirement = String(name[name.index(name.startIndex, offsetBy: prefix.count)..<range.lowerBound])
        let isStatic = requirement.hasPrefix("static ")
        if isStatic { requirement.removeFirst("static ".count) }
        guard let dot = requirement.firstIndex(of: ".") else { return nil }
        return (isStatic ? "static " : "") + name[range.upperBound...] + requirement[dot...]
    }
}
