// SPDX-License-Identifier: Apache-2.0
// What is referred to: where functions begin, by who calls them or takes their address, and where pieces of data begin,
// by who takes theirs. Code is not decoded: a pattern of bytes may lie across two instructions. That it leads to an
// aligned place in a gap, or into the middle of a jump table, is so rare that it does not matter.

struct CodeReferences {
    private static let alignment = 16

    /// Offsets in the gaps at which functions begin, ascending.
    private(set) var entries: [Int] = []
    /// Addresses that `lea n(%rip)` loads, ascending.
    private(set) var loaded: [UInt64] = []

    /// `functions`: addresses of some, from the file. Complexity: linear in the size of the code, but for sorting.
    init(_ code: UnsafeRawBufferPointer, at address: UInt64, gaps: [Range<Int>], functions: [UInt64]) {
        var isGap = [Bool](repeating: false, count: code.count / Self.alignment + 1)
        for gap in gaps {
            let first = (gap.lowerBound + Self.alignment - 1) / Self.alignment
            for block in first..<max(first, (gap.upperBound + Self.alignment - 1) / Self.alignment) {
                isGap[block] = true
            }
        }
        var isEntry = [Bool](repeating: false, count: isGap.count)
        func note(_ target: Int) {
            guard target >= 0, target < code.count, target % Self.alignment == 0 else { return }
            if isGap[target / Self.alignment] { isEntry[target / Self.alignment] = true }
        }
        for offset in 0..<max(0, code.count - 7) {
            if code[offset] == 0xe8 {
                note(offset + 5 + Self.distance(code, offset + 1))
            } else if code[offset] & 0xfb == 0x48, code[offset + 1] == 0x8d, code[offset + 2] & 0xc7 == 0x05 {
                let distance = Int64(offset + 7 + Self.distance(code, offset + 3))
                loaded.append(address &+ UInt64(bitPattern: distance))
            }
        }
        loaded.sort()
        for function in loaded + functions where function >= address { note(Int(clamping: function - address)) }
        entries = isEntry.indices.filter { isEntry[$0] }.map { $0 * Self.alignment }
    }

    private static func distance(_ code: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        Int(Int32(littleEndian: code.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
}
