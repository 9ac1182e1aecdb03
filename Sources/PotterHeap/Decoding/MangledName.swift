// SPDX-License-Identifier: Apache-2.0
// A type's name as the runtime keeps it: mangled text in which other types may be offsets to their descriptors
// (docs/ABI/Mangling.rst, symbolic references). Only what tells strong references from others is read out of it.

struct MangledName {
    enum Token: Equatable {
        case character(UInt8)
        /// A context descriptor at this address.
        case context(UInt64)
        /// Another kind of reference.
        case other
    }

    let tokens: [Token]

    private static let longest = 512

    /// nil if the name has no end within reason or cannot be read.
    init?(at address: UInt64, memory: CachedMemory) {
        var tokens: [Token] = []
        var here = address
        while tokens.count < Self.longest {
            guard let byte = memory.load(UInt8.self, at: here) else { return nil }
            switch byte {
            case 0:
                self.tokens = tokens
                return
            case 0x01...0x17:  // a 32-bit offset, relative to itself
                tokens.append(Self.reference(byte, at: here &+ 1, memory))
                here &+= 5
            case 0x18...0x1f:  // a pointer
                tokens.append(.other)
                here &+= 9
            default:
                tokens.append(.character(byte))
                here &+= 1
            }
        }
        return nil
    }

    private static func reference(_ kind: UInt8, at address: UInt64, _ memory: CachedMemory) -> Token {
        guard let target = memory.relative(at: address) else { return .other }
        switch kind {
        case 1: return .context(target)
        case 2: return memory.word(at: target).map { .context($0) } ?? .other
        default: return .other
        }
    }

    func hasSuffix(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard tokens.count >= count else { return false }
        return (0..<count).allSatisfy {
            tokens[tokens.count - count + $0] == .character(text.utf8Start[$0])
        }
    }

    func hasPrefix(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard tokens.count >= count else { return false }
        return (0..<count).allSatisfy { tokens[$0] == .character(text.utf8Start[$0]) }
    }

    /// The name without so many tokens at its end.
    func dropLast(_ count: Int) -> MangledName { MangledName(tokens: Array(tokens.dropLast(count))) }

    private init(tokens: [Token]) { self.tokens = tokens }
}

/// What a field, a variable or a capture does to the object that it refers to.
enum Ownership: UInt8, Sendable {
    /// It keeps the object; or it is not known to be of another kind.
    case strong
    /// By a side table: the object may go.
    case weak
    /// It keeps the object's memory, not the object.
    case unowned
    /// It is the bare address of an object that somebody else keeps, or that was retained by hand.
    case unmanaged
}

extension MangledName {
    /// By the operators at the end of the name (`Xw`, `Xo`, `Xu`), and by the pointer types of the standard library.
    func ownership(contextName: (UInt64) -> String?) -> Ownership {
        if hasSuffix("Xw") { return .weak }
        if hasSuffix("Xo") { return .unowned }
        if hasSuffix("Xu") { return .unmanaged }
        let pointers: [StaticString] = ["SV", "Sv", "SP", "Sp", "s13OpaquePointerV", "s9UnmanagedV"]
        if pointers.contains(where: hasPrefix) { return .unmanaged }
        if case .context(let descriptor)? = tokens.first,
            ["Unmanaged", "OpaquePointer"].contains(contextName(descriptor))
        {
            return .unmanaged
        }
        return .strong
    }
}
