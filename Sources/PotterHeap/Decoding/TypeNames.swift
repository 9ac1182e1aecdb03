// SPDX-License-Identifier: Apache-2.0
// Readable names of types out of their metadata, generic arguments included (swift/ABI/MetadataKind.def, Metadata.h).

final class TypeNames {
    private let memory: CachedMemory
    private let isCode: (UInt64) -> Bool
    let contexts: ContextNames
    private var names: [UInt64: String?] = [:]

    /// Levels of generic arguments that are named.
    private static let deepest = 8
    private static let mostArguments = 16

    init(memory: CachedMemory, isCode: @escaping (UInt64) -> Bool) {
        self.memory = memory
        self.isCode = isCode
        contexts = ContextNames(memory: memory)
    }

    /// `Array<App.Session>`, `App.Session`; nil if there is no metadata at the address, or of a kind without names.
    func name(of metadata: UInt64) -> String? { name(of: metadata, depth: 0) }

    private func name(of metadata: UInt64, depth: Int) -> String? {
        if let known = names[metadata] { return known }
        guard depth < Self.deepest, metadata & 7 == 0, let kind = memory.word(at: metadata) else { return nil }
        let name = made(metadata, kind, depth)
        if depth == 0 || name != nil { names[metadata] = name }
        return name
    }

    private func made(_ metadata: UInt64, _ kind: UInt64, _ depth: Int) -> String? {
        switch kind {
        case 0: return className(metadata, depth)
        case 0x200, 0x201, 0x202, 0x203: return valueName(metadata, kind, depth)
        case 0x300: return "Builtin value"
        case 0x301: return tupleName(metadata, depth)
        case 0x302: return functionName(metadata, depth)
        case 0x303: return existentialName(metadata)
        case 0x304, 0x306: return argument(metadata &+ 8, depth).map { $0 + ".Type" }
        case 0x307: return "any (a constrained protocol)"
        default: return nil
        }
    }

    private func className(_ metadata: UInt64, _ depth: Int) -> String? {
        guard let type = ClassMetadata(at: metadata, memory: memory, isCode: isCode),
            let levels = contexts.levels(of: type.descriptor)
        else { return nil }
        guard let first = type.genericArguments else { return levels.map(\.name).joined(separator: ".") }
        return name(levels, arguments(header: type.genericHeader, first: first, depth))
    }

    /// A struct, an enum, an optional or an imported class: the descriptor follows the kind, then generic arguments.
    private func valueName(_ metadata: UInt64, _ kind: UInt64, _ depth: Int) -> String? {
        guard let descriptor = memory.word(at: metadata &+ 8), isCode(descriptor),
            let flags = memory.load(UInt32.self, at: descriptor), let levels = contexts.levels(of: descriptor)
        else { return nil }
        let isGeneric = kind != 0x203 && flags & 0x80 != 0
        return name(levels, isGeneric ? arguments(header: descriptor &+ 28, first: metadata &+ 16, depth) : [])
    }

    /// `Outer<A>.Inner<B>`: each level has the arguments of its own parameters.
    private func name(_ levels: [ContextLevel], _ arguments: [String?]) -> String {
        var used = 0
        return levels.map { level in
            let own = arguments[min(used, arguments.count)..<min(max(used, level.parameters), arguments.count)]
            used = max(used, level.parameters)
            let known = own.compactMap { $0 }
            return known.isEmpty ? level.name : level.name + "<" + known.joined(separator: ", ") + ">"
        }.joined(separator: ".")
    }

    /// The argument of each parameter, nil for those that have none of their own; empty if they cannot be told, as those of
    /// parameter packs.
    ///
    /// Generic header: two offsets, then 16-bit counts of parameters, requirements, key arguments, and flags; then a byte
    /// for each parameter: kind in the low 6 bits, bit 7: has an argument.
    private func arguments(header: UInt64, first: UInt64, _ depth: Int) -> [String?] {
        guard let count = memory.load(UInt16.self, at: header &+ 8), count <= Self.mostArguments else { return [] }
        var arguments: [String?] = []
        var slot = first
        for parameter in 0..<UInt64(count) {
            guard let description = memory.load(UInt8.self, at: header &+ 16 &+ parameter) else { return [] }
            guard description & 0x80 != 0 else {
                arguments.append(nil)
                continue
            }
            switch description & 0x3f {
            case 0: arguments.append(argument(slot, depth) ?? "_")
            case 2: arguments.append(memory.load(Int64.self, at: slot).map { "\($0)" } ?? "_")
            default: return []
            }
            slot &+= 8
        }
        return arguments
    }

    private func argument(_ slot: UInt64, _ depth: Int) -> String? {
        memory.word(at: slot).flatMap { name(of: $0, depth: depth + 1) }
    }

    /// Kind, count, labels, then pairs of type and offset.
    private func tupleName(_ metadata: UInt64, _ depth: Int) -> String? {
        guard let count = memory.word(at: metadata &+ 8), count <= UInt64(Self.mostArguments) else { return nil }
        let parts = (0..<count).map { argument(metadata &+ 24 &+ 16 * $0, depth) ?? "_" }
        return "(" + parts.joined(separator: ", ") + ")"
    }

    /// Kind, flags (low 16 bits: number of parameters), result, parameters.
    private func functionName(_ metadata: UInt64, _ depth: Int) -> String? {
        guard let flags = memory.word(at: metadata &+ 8), flags & 0xffff <= UInt64(Self.mostArguments) else {
            return nil
        }
        let parameters = (0..<flags & 0xffff).map { argument(metadata &+ 24 &+ 8 * $0, depth) ?? "_" }
        let isAsync = flags & 0x2000_0000 != 0 ? " async" : ""
        let doesThrow = flags & 0x0100_0000 != 0 ? " throws" : ""
        let result = argument(metadata &+ 16, depth) ?? "_"
        return "(" + parameters.joined(separator: ", ") + ")\(isAsync)\(doesThrow) -> " + result
    }

    /// Kind, 32-bit flags (bit 30: superclass), 32-bit count of protocols, superclass if there is one, protocols.
    private func existentialName(_ metadata: UInt64) -> String? {
        guard let flags = memory.load(UInt32.self, at: metadata &+ 8),
            let count = memory.load(UInt32.self, at: metadata &+ 12), count <= UInt32(Self.mostArguments)
        else { return nil }
        let first = metadata &+ 16 &+ (flags & 0x4000_0000 != 0 ? 8 : 0)
        let protocols = (0..<UInt64(count)).compactMap { index in
            memory.word(at: first &+ 8 * index).flatMap { contexts.name(of: $0 & ~1) }
        }
        if count == 0 { return flags & 0x8000_0000 != 0 ? "Any" : "AnyObject" }
        return protocols.count == Int(count) ? "any " + protocols.joined(separator: " & ") : nil
    }
}
