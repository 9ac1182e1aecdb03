// SPDX-License-Identifier: Apache-2.0
// What the Swift runtime in the process says of itself. Nothing is assumed where a variable of it answers.
// Sources: swift/ABI/System.h (spare bits), stdlib/public/Concurrency/Debug.h (the debug variables).

struct SwiftRuntime {
    /// Bits of a word that an enum may keep its tag in while the others are an object's address; 0 in a process without
    /// Swift, whose words are addresses or are not.
    let spareBits: UInt64
    /// First word of the slabs that tasks allocate their frames from; nil without Swift concurrency.
    let slabMarker: UInt64?

    init(image: HeapImage, memory: CachedMemory) {
        spareBits = Self.spareBits(image, memory)
        let marker = image.symbolAddress("_swift_concurrency_debug_asyncTaskSlabMetadata")
        slabMarker = marker.flatMap { memory.word(at: $0) }.flatMap { $0 == 0 ? nil : $0 }
    }

    /// A word without its tag bits above the addresses; those below (masked by `spareBits`, too) make an inner pointer.
    @inline(__always)
    func untagged(_ word: UInt64) -> UInt64 { word & ~(spareBits & ~0xffff) }

    private static func spareBits(_ image: HeapImage, _ memory: CachedMemory) -> UInt64 {
        guard let address = image.symbolAddress("_swift_debug_multiPayloadEnumPointerSpareBitsMask"),
            let mask = memory.word(at: address)
        else { return 0 }
        // Address bits that are called spare would make every word an address.
        let addressBits: UInt64 = (1 << 47) - 8
        return mask & addressBits == 0 ? mask : 0
    }
}
