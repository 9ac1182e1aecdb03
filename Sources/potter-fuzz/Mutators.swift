// SPDX-License-Identifier: Apache-2.0

/// Damages any bytes.
enum ByteMutator {
    /// Some bytes changed, cut out, doubled, or the end cut off.
    static func mutated(_ original: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: bytes.indices, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...16, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 2 where random.next() % 8 == 0: bytes.removeSubrange(at...)
            case 3:
                let from = Int.random(in: bytes.indices, using: &random)
                bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + end - at)], at: at)
            default: change(&bytes, at, &random)
            }
        }
        return bytes
    }

    /// One byte becomes another, often one that breaks things.
    static func change(_ bytes: inout [UInt8], _ at: Int, _ random: inout SplitMix64) {
        bytes[at] =
            switch Int.random(in: 0..<6, using: &random) {
            case 0: 0
            case 1: 0xff
            case 2: 0x7f
            case 3: UInt8.random(in: 0...255, using: &random)
            case 4: bytes[at] &+ 1
            default: bytes[at] ^ 1 << UInt8.random(in: 0..<8, using: &random)
            }
    }
}

/// Damages an ELF file, in the parts that decide most: headers, then sections, each as often as any other.
struct ElfMutator {
    let original: [UInt8]
    /// Addresses of the executable sections, from the first to the last.
    let code: Range<UInt64>
    private var sections: [Range<Int>] = []

    init(original: [UInt8]) {
        self.original = original
        var low = UInt64.max
        var high: UInt64 = 0
        let table = Self.word(original, 0x28)
        for index in 0..<min(Int(Self.half(original, 0x3c)), 256) {
            let header = Int(clamping: table) + index * 64
            guard header >= 0, header + 64 <= original.count else { break }
            let offset = Int(clamping: Self.word(original, header + 0x18))
            let size = Int(clamping: Self.word(original, header + 0x20))
            let address = Self.word(original, header + 0x10)
            if Self.word(original, header + 8) & 4 != 0, size > 0 {
                low = min(low, address)
                high = max(high, address.addingReportingOverflow(UInt64(size)).partialValue)
            }
            // No bits are in the file of .bss and of the sections of debug files.
            let hasBits = original[header + 4] != 8
            if hasBits, size > 0, offset >= 0, offset < original.count, size <= original.count - offset {
                sections.append(offset..<offset + size)
            }
        }
        code = low < high ? low..<high : 0..<1
        sections += [Int(clamping: table)..<original.count, 0..<min(original.count, 0x400)].filter { $0.count > 0 }
    }

    func mutated(_ random: inout SplitMix64) -> [UInt8] {
        var bytes = original
        if random.next() % 32 == 0, !bytes.isEmpty {
            return Array(bytes[..<Int.random(in: bytes.indices, using: &random)])
        }
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            guard let section = sections.randomElement(using: &random) else { break }
            // A run of changes: an attribute, a header, a table row.
            var at = Int.random(in: section, using: &random)
            for _ in 0..<Int.random(in: 1...6, using: &random) where at < bytes.count {
                ByteMutator.change(&bytes, at, &random)
                at += Int.random(in: 1...8, using: &random)
            }
        }
        return bytes
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt64 {
        guard at >= 0, at + 8 <= bytes.count else { return 0 }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt64.self) }
    }

    private static func half(_ bytes: [UInt8], _ at: Int) -> UInt16 {
        guard at + 2 <= bytes.count else { return 0 }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: UInt16.self) }
    }
}

/// The same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
