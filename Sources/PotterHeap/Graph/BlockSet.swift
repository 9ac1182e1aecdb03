// SPDX-License-Identifier: Apache-2.0

/// A set of blocks by their numbers, a bit each.
struct BlockSet {
    private var words: [UInt64]

    init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }

    @inline(__always)
    func contains(_ block: Int) -> Bool { words[block >> 6] >> UInt64(block & 63) & 1 == 1 }

    /// - Returns: whether it was not there.
    @inline(__always) @discardableResult
    mutating func insert(_ block: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(block & 63)
        guard words[block >> 6] & bit == 0 else { return false }
        words[block >> 6] |= bit
        return true
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
