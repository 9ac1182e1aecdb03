// SPDX-License-Identifier: Apache-2.0
// What code refers to: where functions begin, by who calls them, and where pieces of data begin, by who takes their
// address. Not decoded: a pattern of bytes may lie across two instructions. That it leads to an aligned place in a gap,
// or into the middle of a jump table, is so rare that it does not matter.

struct CodeReferences {
    private static let alignment = 16

    /// Offsets in the gaps that direct calls lead to, ascending.
    private(set) var called: [Int] = []
    /// Addresses that `lea n(%rip)` loads, ascending.
    private(set) var loaded: [UInt64] = []

    /// Complexity: linear in the size of the code, but for sorting the addresses.
    init(_ code: UnsafeRawBufferPointer, at address: UInt64, gaps: [Range<Int>]) {
        var isGap = [Bool](repeating: false, count: code.count / Self.alignment + 1)
        for gap in gaps {
            let first = (gap.lowerBound + Self.alignment - 1) / Self.alignment
            for block in first..<max(first, (gap.upperBound + Self.alignment - 1) / Self.alignment) {
                isGap[block] = true
            }
        }
        var isCalled = [Bool](repeating: false, count: isGap.count)
        for offset in 0..<max(0, code.count - 7) {
            if code[offset] == 0xe8 {
                let target = offset + 5 + Self.distance(code, offset + 1)
                guard target >= 0, target < code.count, target % Self.alignment == 0 else { continue }
                if isGap[target / Self.alignment] { isCalled[target / Self.alignment] = true }
            } else if code[offset] & 0xfb == 0x48, code[offset + 1] == 0x8d, code[offset + 2] & 0xc7 == 0x05 {
                let distance = Int64(offset + 7 + Self.distance(code, offset + 3))
                loaded.append(address &+ UInt64(bitPattern: distance))
            }
        }
        called = isCalled.indices.filter { isCalled[$0] }.map { $0 * Self.alignment }
        loaded.sort()
    }

    private static func distance(_ code: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        Int(Int32(littleEndian: code.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
}
