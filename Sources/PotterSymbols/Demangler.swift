// SPDX-License-Identifier: Apache-2.0
// Mangled names to readable ones, by the demanglers in the Swift runtime, which is linked anyhow (also statically):
// `_swift_backtrace_demangle` for short Swift names, C++ and legacy Rust; `swift_demangle` for the module only. Rust's
// v0 names are read here (RustV0Name.swift says why). The runtime's demanglers abort on some damaged names: CDemanglerGuard.

import CDemanglerGuard
import Glibc

@_silgen_name("_swift_backtrace_demangle")
private func runtimeDemangleShort(
    _ name: UnsafePointer<CChar>, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
    _ bufferSize: UnsafeMutablePointer<Int>?
) -> UnsafeMutablePointer<CChar>?

@_silgen_name("swift_demangle")
private func runtimeDemangleFull(
    _ name: UnsafePointer<CChar>, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
    _ bufferSize: UnsafeMutablePointer<Int>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?

public enum Demangler {
    /// Longer names are shown as they are: a hostile name could make a demangler recurse or grow without end.
    static let maximumLength = 16_384

    /// Readable form of a symbol name; the name itself, without clone suffixes, where it is not mangled.
    ///
    /// Swift: variants of a function (async funclets, specializations, thunks, partial applies) have its name.
    /// Rust: without hashes. Not cached: callers cache by symbol.
    /// - Complexity: O(length), some microseconds.
    public static func demangle(_ mangled: String) -> DemangledName {
        if mangled.hasSuffix("@plt") {
            var name = demangle(String(mangled.dropLast(4)))
            name.name += "@plt"
            return name
        }
        let plain = SymbolAffixes.withoutClones(mangled)
        guard plain.utf8.count <= maximumLength else { return DemangledName(name: plain, language: .c) }
        if SwiftName.isMangled(plain) {
            return SwiftName.demangle(plain) ?? DemangledName(name: plain, language: .swift)
        }
        if plain.hasPrefix("_R") || plain.hasPrefix("__R"), let name = RustV0Name.readable(plain) {
            return DemangledName(name: name, language: .rust)
        }
        guard plain.hasPrefix("_Z") || plain.hasPrefix("__Z"), let name = short(plain) else {
            return DemangledName(name: plain, language: .c)
        }
        if let rust = RustName.readable(name) { return DemangledName(name: rust, language: .rust) }
        return DemangledName(name: CppName.readable(name), language: .cpp)
    }

    static func short(_ mangled: String) -> String? {
        take(mangled) { name, length in
            cdg_demangle({ runtimeDemangleShort($0, $1, nil, nil) }, name, length)
        }
    }

    static func full(_ mangled: String) -> String? {
        take(mangled) { name, length in
            cdg_demangle({ runtimeDemangleFull($0, $1, nil, nil, 0) }, name, length)
        }
    }

    private static func take(
        _ mangled: String, _ call: (UnsafePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) -> String? {
        let result = mangled.withCString { call($0, strlen($0)) }
        defer { free(result) }
        guard let result else { return nil }
        let text = String(cString: result)
        return text.isEmpty || text == mangled ? nil : text
    }
}
