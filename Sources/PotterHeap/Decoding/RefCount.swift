// SPDX-License-Identifier: Apache-2.0
// The second word of a Swift object (stdlib/public/SwiftShims/swift/shims/RefCount.h), 64-bit platforms:
//
//   bit 63 slow | 62..33 strong count - 1 | 32 deiniting | 31..1 unowned count | 0 pure Swift
//
// Bits 63 and 62 set: the rest, times 8, is the address of a side table, where an object's counts move with its first
// weak reference. Low half all ones: immortal.

struct RefCount: Equatable {
    var bits: UInt64

    var isImmortal: Bool { bits & 0xffff_ffff == 0xffff_ffff }
    var hasSideTable: Bool { bits >> 62 == 3 && !isImmortal }
    /// Address of the side table, where there is one.
    var sideTable: UInt64 { (bits & (1 << 62 - 1)) << 3 }
    /// Strong references.
    var strong: UInt64 { (bits >> 33) & (1 << 30 - 1) + 1 }
    /// The object's deinit has begun: it lives on only for unowned references.
    var isDeiniting: Bool { bits & (1 << 32) != 0 }
    var unowned: UInt64 { (bits >> 1) & (1 << 31 - 1) }

    /// Whether a word may be a count: a fresh object has bit 0 set, and an unowned count of 1 at least.
    var isPlausible: Bool {
        if isImmortal { return true }
        if hasSideTable { return sideTable & 0xf == 0 && sideTable < LiveBlocks.addressLimit }
        return bits >> 63 == 0 && unowned > 0
    }
}

/// What an object's reference counts say, wherever they are.
enum ReferenceState: Equatable {
    case counted(RefCount)
    case immortal
    /// The word is no reference count, or its side table cannot be read.
    case unreadable

    /// Offset of the counts in a side table (HeapObjectSideTableEntry: the object, padding, the counts).
    private static let countsInSideTable: UInt64 = 16

    init(object: UInt64, memory: CachedMemory) {
        guard let word = memory.word(at: object &+ 8) else {
            self = .unreadable
            return
        }
        let inline = RefCount(bits: word)
        if inline.isImmortal {
            self = .immortal
        } else if !inline.hasSideTable {
            self = inline.isPlausible ? .counted(inline) : .unreadable
        } else if memory.word(at: inline.sideTable) == object,
            let outside = memory.word(at: inline.sideTable &+ Self.countsInSideTable)
        {
            // In a side table the slow bit says nothing of the counts.
            self = .counted(RefCount(bits: outside & ~(1 << 63)))
        } else {
            self = .unreadable
        }
    }
}
