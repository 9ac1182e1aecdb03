// SPDX-License-Identifier: Apache-2.0

/// A hash table from 64-bit keys to ids greater than 0, for what is looked up for every frame of every new stack.
/// (Dictionary's keyed hash costs several times as much; the keys here are ours or were checked by the caller.)
public struct InternTable: Sendable {
    private var keys: [UInt64]
    private var ids: [UInt32]  // 0: free
    public private(set) var count = 0

    public init(capacity: Int = 16) {
        let size = max(16, capacity.nextPowerOfTwo)
        keys = Array(repeating: 0, count: size)
        ids = Array(repeating: 0, count: size)
    }

    /// The id of `key`; if there is none yet, `new` becomes it.
    public mutating func id(of key: UInt64, orInsert new: UInt32) -> (id: UInt32, inserted: Bool) {
        if count * 3 >= ids.count * 2 { grow() }
        let slot = slot(of: key)
        if ids[slot] != 0 { return (ids[slot], false) }
        keys[slot] = key
        ids[slot] = new
        count += 1
        return (new, true)
    }

    /// The id of `key`, if it has one.
    public func id(of key: UInt64) -> UInt32? {
        let id = ids[slot(of: key)]
        return id == 0 ? nil : id
    }

    private func slot(of key: UInt64) -> Int {
        let mask = ids.count - 1
        var slot = Int(truncatingIfNeeded: Self.mix(key)) & mask
        while ids[slot] != 0 && keys[slot] != key {
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// The finalizer of MurmurHash3: every bit of the key reaches the low bits.
    private static func mix(_ key: UInt64) -> UInt64 {
        var hash = (key ^ (key >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }

    private mutating func grow() {
        var larger = InternTable(capacity: ids.count * 2)
        for slot in ids.indices where ids[slot] != 0 {
            let free = larger.slot(of: keys[slot])
            larger.keys[free] = keys[slot]
            larger.ids[free] = ids[slot]
        }
        larger.count = count
        self = larger
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
