// SPDX-License-Identifier: Apache-2.0

/// The module of a Swift function, from its mangled name.
///
/// A mangled entity begins with its module: `$s4main…` (length and name), or a standard abbreviation: `s`, `SS`, `Sa`
/// for Swift, `So` and `SC` for imported C. An extension of another module's type is told only by the full form:
/// `(extension in main):Swift.Array.sum()`.
enum SwiftModule {
    static func name(of mangled: String, display: String) -> String? {
        // Reabstraction thunks belong to no function.
        if display.hasPrefix("thunk for ") || display.hasPrefix("reabstraction thunk ") { return nil }
        guard let start = mangled.firstIndex(where: { "sSe0".contains($0) }) else { return nil }
        let entity = mangled[mangled.index(after: start)...]
        let module = leading(entity)
        guard entity.contains("E"), let full = Demangler.full(mangled) else { return module }
        return extending(full, module: module) ?? module
    }

    private static func leading(_ entity: Substring) -> String? {
        let length = entity.prefix { ("0"..."9").contains($0) }
        if !length.isEmpty {
            guard let count = Int(length), count > 0, length.first != "0" else { return nil }
            let name = entity.dropFirst(length.count).prefix(count)
            return name.count == count ? String(name) : nil
        }
        switch entity.prefix(2) {
        case "So": return "__C"
        case "SC": return "__C_Synthesized"
        case let prefix where prefix.hasPrefix("s") || prefix.hasPrefix("S"): return "Swift"
        default: return nil
        }
    }

    /// The M in the last `(extension in M):Module.`, which stands directly before the entity.
    private static func extending(_ full: String, module: String?) -> String? {
        let opening = "(extension in "
        var found: String?
        var rest = full[...]
        while let range = rest.firstRange(of: opening), let close = rest[range.upperBound...].firstIndex(of: ")") {
            let name = rest[range.upperBound..<close]
            rest = rest[rest.index(after: close)...]
            if module == nil || rest.hasPrefix(":\(module ?? "").") { found = String(name) }
        }
        return found
    }
}
