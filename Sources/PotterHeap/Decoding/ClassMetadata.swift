// SPDX-License-Identifier: Apache-2.0
// The metadata of a class as Swift lays it out where there is no Objective-C (swift/ABI/Metadata.h, TargetClassMetadata;
// measured on Linux x86-64, Swift 6.3):
//
//   -16 destroyer | -8 value witnesses | 0 kind: 0 | +8 superclass | +16 flags, +20 address point of instances
//   +24 size of instances, +28 alignment mask | +32 size of the metadata, +36 its address point | +40 descriptor
//   +48 ivar destroyer | then members, among them generic arguments and field offsets, where the descriptor says
//
// The descriptor behind the common head (ContextNames): +12 access function | +16 fields | +20 superclass
//   +24 negative size, or bounds of a resilient superclass | +28 positive size | +32 immediate members | +36 fields' count
//   +40 offset of the field offsets, in words | +44 generic header, if generic

struct ClassMetadata {
    let address: UInt64
    let superclass: UInt64
    /// Bytes of an instance without what is allocated behind it.
    let instanceSize: UInt32
    let descriptor: UInt64
    private let flags: UInt32
    private let memory: CachedMemory

    /// nil if there is no class's metadata at the address.
    init?(at address: UInt64, memory: CachedMemory, isCode: (UInt64) -> Bool) {
        guard address & 7 == 0, memory.word(at: address) == 0, let superclass = memory.word(at: address &+ 8),
            let instanceSize = memory.load(UInt32.self, at: address &+ 24), instanceSize >= 16,
            let classSize = memory.load(UInt32.self, at: address &+ 32),
            let addressPoint = memory.load(UInt32.self, at: address &+ 36), addressPoint >= 16,
            addressPoint < classSize,
            let descriptor = memory.word(at: address &+ 40), descriptor & 3 == 0, isCode(descriptor),
            let flags = memory.load(UInt32.self, at: descriptor), flags & 0x1f == ContextKind.class.rawValue
        else { return nil }
        self.address = address
        self.superclass = superclass
        self.instanceSize = instanceSize
        self.descriptor = descriptor
        self.flags = flags
        self.memory = memory
    }

    var isGeneric: Bool { flags & 0x80 != 0 }
    private var membersAreNegative: Bool { flags >> 16 & 1 << 12 != 0 }
    private var hasResilientSuperclass: Bool { flags >> 16 & 1 << 13 != 0 }

    /// Where the class's own members begin in the metadata, in bytes from its address.
    private var immediateMembers: Int64? {
        if hasResilientSuperclass {
            // StoredClassMetadataBounds: the offset comes first.
            return memory.relative(at: descriptor &+ 24).flatMap { memory.load(Int64.self, at: $0) }
        }
        guard let negative = memory.load(UInt32.self, at: descriptor &+ 24),
            let positive = memory.load(UInt32.self, at: descriptor &+ 28),
            let members = memory.load(UInt32.self, at: descriptor &+ 32)
        else { return nil }
        return membersAreNegative ? -8 * Int64(negative) : 8 * (Int64(positive) - Int64(members))
    }

    /// Address of the generic arguments; nil if the class is not generic.
    var genericArguments: UInt64? {
        guard isGeneric, let offset = immediateMembers else { return nil }
        return address &+ UInt64(bitPattern: offset)
    }

    /// Address of the generic header in the descriptor.
    var genericHeader: UInt64 { descriptor &+ 44 }

    /// Address of the class's field descriptor; nil if it was compiled without reflection.
    var fieldDescriptor: UInt64? { memory.relative(at: descriptor &+ 16) }

    /// Offsets of the class's own fields in an instance, in bytes.
    func fieldOffsets(count: Int) -> [UInt64]? {
        guard let declared = memory.load(UInt32.self, at: descriptor &+ 36), Int(declared) == count,
            let words = memory.load(UInt32.self, at: descriptor &+ 40), words != 0
        else { return nil }
        let base = hasResilientSuperclass ? immediateMembers : 0
        guard let base else { return nil }
        let first = address &+ UInt64(bitPattern: base) &+ 8 * UInt64(words)
        var offsets: [UInt64] = []
        for index in 0..<count {
            guard let offset = memory.word(at: first &+ 8 * UInt64(index)), offset < 1 << 32 else { return nil }
            offsets.append(offset)
        }
        return offsets
    }
}
