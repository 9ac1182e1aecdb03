// SPDX-License-Identifier: Apache-2.0
// What a closure's context holds, out of its capture descriptor (section swift5_capture; swift/RemoteInspection/Records.h):
//
//   +0 number of captures | +4 of metadata sources | +8 of bindings | +12 type names of the captures, relative
//
// There are no offsets: captures lie one behind another, each at its alignment, and a capture of unknown size hides all
// that follow. Bindings (generic arguments, a word each) come first.

enum CaptureLayout {
    private static let mostCaptures: UInt32 = 256

    /// As far as the sizes of the captures are known; ownership is what this is for.
    static func captures(of metadata: UInt64, memory: CachedMemory, contexts: ContextNames) -> [Field] {
        guard let descriptor = memory.word(at: metadata &+ 16), descriptor & 3 == 0, descriptor != 0,
            let first = memory.load(UInt32.self, at: metadata &+ 8),
            let count = memory.load(UInt32.self, at: descriptor), count <= mostCaptures,
            let bindings = memory.load(UInt32.self, at: descriptor &+ 8), bindings <= mostCaptures
        else { return [] }
        var offset = UInt64(first) + 8 * UInt64(bindings)
        var fields: [Field] = []
        for index in 0..<UInt64(count) {
            guard let address = memory.relative(at: descriptor &+ 12 &+ 4 * index),
                let name = MangledName(at: address, memory: memory),
                let (size, alignment) = layout(of: name, memory)
            else { break }
            offset = (offset + alignment - 1) / alignment * alignment
            let ownership = name.ownership(contextName: contexts.name)
            fields.append(Field(offset: offset, name: "", ownership: ownership, owner: ""))
            offset += size
        }
        return fields
    }

    /// Size and alignment of types that are common as captures; nil for any other.
    private static func layout(of name: MangledName, _ memory: CachedMemory) -> (size: UInt64, alignment: UInt64)? {
        if name.hasSuffix("Xw") || name.hasSuffix("Xo") || name.hasSuffix("Xu") { return (8, 8) }
        if name.hasSuffix("Xx") || name.hasSuffix("XX") || name.hasSuffix("Xb") { return (8, 8) }  // a box
        if name.hasSuffix("c") { return (16, 8) }  // a closure: code and context
        if name.hasSuffix("Sg"), let wrapped = layout(of: name.dropLast(2), memory) {
            return isReference(name.dropLast(2), memory) || wrapped.size == 16 ? wrapped : nil
        }
        if isReference(name, memory) { return (8, 8) }
        let sizes: [(StaticString, UInt64)] = [("Si", 8), ("Su", 8), ("Sd", 8), ("SS", 16), ("Sf", 4), ("Sb", 1)]
        guard name.tokens.count == 2 else { return nil }
        return sizes.first { name.hasPrefix($0.0) }.map { ($0.1, min(8, $0.1)) }
    }

    /// A class, or a collection of the standard library, which is one reference.
    private static func isReference(_ name: MangledName, _ memory: CachedMemory) -> Bool {
        if case .context(let descriptor)? = name.tokens.first, ContextKind.of(descriptor, memory) == .class {
            return name.tokens.count == 1 || name.hasSuffix("G")
        }
        if name.hasSuffix("Bo") || name.hasSuffix("yXl") { return true }  // native object, AnyObject
        let collections: [StaticString] = ["Say", "SDy", "Shy"]
        return collections.contains(where: name.hasPrefix) && name.hasSuffix("G")
    }
}
