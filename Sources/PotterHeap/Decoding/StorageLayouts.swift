// SPDX-License-Identifier: Apache-2.0
// Arrays, dictionaries and sets keep words of elements that are gone: behind an array's count, in empty buckets. These are
// no references, and a reference count does not know them.

enum StorageLayouts {
    /// How a class of the standard library stores its elements; nil for any other.
    static func layout(of type: ClassMetadata, names: ContextNames, memory: CachedMemory) -> StorageLayout? {
        guard let name = names.name(of: type.descriptor), let arguments = type.genericArguments else { return nil }
        let elements = [arguments, arguments &+ 8].map { slot in
            memory.word(at: slot).flatMap { elementLayout(of: $0, memory) }
        }
        guard let first = elements[0] else { return nil }
        switch name {
        case "_ContiguousArrayStorage":
            return .array(first: (32 + first.alignmentMask) & ~first.alignmentMask, element: first)
        case "_SetStorage": return .hashed(key: first, value: nil)
        case "_DictionaryStorage": return elements[1].map { .hashed(key: first, value: $0) }
        default: return nil
        }
    }

    /// Out of the value witnesses (swift/ABI/ValueWitness.def): eight functions, size, stride, flags (alignment mask in
    /// the low byte, bit 16: not trivial).
    private static func elementLayout(of metadata: UInt64, _ memory: CachedMemory) -> ElementLayout? {
        guard let witnesses = memory.word(at: metadata &- 8), let stride = memory.word(at: witnesses &+ 72),
            let flags = memory.load(UInt32.self, at: witnesses &+ 80), stride > 0, stride < 1 << 20
        else { return nil }
        return ElementLayout(
            stride: stride, alignmentMask: UInt64(flags & 0xff), isTrivial: flags & 0x1_0000 == 0)
    }

    /// What the word at `offset` of a storage is; its header belongs to it as a field does.
    static func use(ofWordAt offset: UInt64, in storage: UInt64, _ layout: StorageLayout, memory: CachedMemory)
        -> WordUse
    {
        switch layout {
        case .array(let first, let element):
            guard offset >= first, let count = memory.word(at: storage &+ 16) else { return .reference }
            if (offset - first) / element.stride >= count { return .unused }
            return element.isTrivial ? .value : .reference
        case .hashed(let key, let value):
            return hashedUse(ofWordAt: offset, in: storage, key, value, memory: memory)
        }
    }

    enum WordUse {
        /// Of an element that holds references.
        case reference
        /// Of an element that holds none, though the word looks like an address.
        case value
        /// Of no element.
        case unused
    }

    /// __RawDictionaryStorage, __RawSetStorage: scale at +32, keys at +48, a dictionary's values at +56; then bits.
    private static func hashedUse(
        ofWordAt offset: UInt64, in storage: UInt64, _ key: ElementLayout, _ value: ElementLayout?, memory: CachedMemory
    ) -> WordUse {
        // The seed may be the storage's own address.
        let header: UInt64 = value == nil ? 56 : 64
        if (16..<header).contains(offset) { return .unused }
        let address = storage &+ offset
        guard let scale = memory.load(UInt8.self, at: storage &+ 32), scale < 48,
            let keys = memory.word(at: storage &+ 48), keys >= storage, address >= keys
        else { return .reference }
        var element = key
        var bucket = (address - keys) / key.stride
        if let value {
            guard let values = memory.word(at: storage &+ 56), values >= keys else { return .reference }
            if address >= values {
                element = value
                bucket = (address - values) / value.stride
            }
        }
        guard bucket < 1 << scale else { return .unused }
        guard let word = memory.word(at: storage &+ header &+ 8 * (bucket / 64)) else { return .reference }
        if word >> (bucket % 64) & 1 == 0 { return .unused }
        return element.isTrivial ? .value : .reference
    }
}
