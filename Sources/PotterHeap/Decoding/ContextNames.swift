// SPDX-License-Identifier: Apache-2.0
// Readable names of types out of context descriptors (swift/ABI/Metadata.h, TargetContextDescriptor):
//
//   +0 flags (low 5 bits: kind, bit 7: generic) | +4 parent, relative, low bit: indirect | +8 name, relative

/// Kinds of context descriptors (swift/ABI/MetadataValues.h).
enum ContextKind: UInt32 {
    case module = 0, `extension`, anonymous, `protocol`, opaque
    case `class` = 16, `struct`, `enum`

    static func of(_ descriptor: UInt64, _ memory: CachedMemory) -> ContextKind? {
        memory.load(UInt32.self, at: descriptor).flatMap { ContextKind(rawValue: $0 & 0x1f) }
    }
}

/// A level of a type's name.
struct ContextLevel: Equatable {
    var name: String
    /// Generic parameters of this level and those around it.
    var parameters: Int
}

final class ContextNames {
    private let memory: CachedMemory
    private var paths: [UInt64: [ContextLevel]?] = [:]

    /// Levels of nesting that are followed; damaged descriptors may be each other's parents.
    private static let deepest = 32
    /// Types that extensions name by a substitution of the mangling (docs/ABI/Mangling.rst).
    private static let substitutions: [UInt8: String] = [
        UInt8(ascii: "a"): "Array", UInt8(ascii: "D"): "Dictionary", UInt8(ascii: "h"): "Set",
        UInt8(ascii: "S"): "String",
        UInt8(ascii: "i"): "Int", UInt8(ascii: "d"): "Double", UInt8(ascii: "q"): "Optional",
    ]

    init(memory: CachedMemory) { self.memory = memory }

    /// `Module.Outer.Type`, without generic arguments; the standard library's types without `Swift.`. nil if the
    /// descriptor is none.
    func name(of descriptor: UInt64) -> String? {
        levels(of: descriptor)?.map(\.name).joined(separator: ".")
    }

    /// The levels of the name, from the module on.
    func levels(of descriptor: UInt64) -> [ContextLevel]? {
        if let known = paths[descriptor] { return known }
        var path = path(of: descriptor, depth: 0)
        if let levels = path, levels.count > 1, levels[0].name == "Swift" { path = Array(levels.dropFirst()) }
        paths[descriptor] = .some(path)
        return path
    }

    private func path(of descriptor: UInt64, depth: Int) -> [ContextLevel]? {
        guard depth < Self.deepest, descriptor & 3 == 0, let kind = ContextKind.of(descriptor, memory) else {
            return nil
        }
        switch kind {
        case .module: return ownName(descriptor).map { [ContextLevel(name: $0, parameters: 0)] }
        case .anonymous, .opaque: return parentPath(of: descriptor, depth: depth)
        case .extension:
            return extendedPath(of: descriptor, depth: depth) ?? parentPath(of: descriptor, depth: depth)
        case .protocol, .class, .struct, .enum:
            guard let own = ownName(descriptor), let above = parentPath(of: descriptor, depth: depth) else {
                return nil
            }
            return above + [ContextLevel(name: own, parameters: parameters(of: descriptor, kind))]
        }
    }

    /// Number of generic parameters, by the generic header (see TypeNames) behind the descriptor's fixed part.
    private func parameters(of descriptor: UInt64, _ kind: ContextKind) -> Int {
        guard kind != .protocol, let flags = memory.load(UInt32.self, at: descriptor), flags & 0x80 != 0 else {
            return 0
        }
        let header = descriptor &+ (kind == .class ? 44 : 28)
        return memory.load(UInt16.self, at: header &+ 8).map(Int.init) ?? 0
    }

    private func ownName(_ descriptor: UInt64) -> String? {
        // Imported C types append facts about their origin behind their name's end.
        guard let address = memory.relative(at: descriptor &+ 8), let name = memory.text(at: address), !name.isEmpty
        else { return nil }
        return name
    }

    private func parentPath(of descriptor: UInt64, depth: Int) -> [ContextLevel]? {
        guard let offset = memory.load(Int32.self, at: descriptor &+ 4) else { return nil }
        if offset == 0 { return [] }
        let target = descriptor &+ 4 &+ UInt64(bitPattern: Int64(offset & ~1))
        guard offset & 1 == 0 else {
            return memory.word(at: target).flatMap { path(of: $0, depth: depth + 1) }
        }
        return path(of: target, depth: depth + 1)
    }

    /// The type that an extension extends, if it is named by its descriptor or by a substitution.
    private func extendedPath(of descriptor: UInt64, depth: Int) -> [ContextLevel]? {
        guard let address = memory.relative(at: descriptor &+ 8), let name = MangledName(at: address, memory: memory)
        else { return nil }
        switch name.tokens.first {
        case .context(let type): return path(of: type, depth: depth + 1)
        case .character(UInt8(ascii: "S")) where name.tokens.count >= 2:
            guard case .character(let letter) = name.tokens[1], let known = Self.substitutions[letter] else {
                return nil
            }
            return [ContextLevel(name: known, parameters: 0)]
        default: return nil
        }
    }
}
