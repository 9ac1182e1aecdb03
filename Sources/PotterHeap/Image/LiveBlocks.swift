// SPDX-License-Identifier: Apache-2.0
// The live blocks of a frozen heap, by address. Ten million of them have to fit: 20 bytes each, in columns.

/// A block of memory that the program allocated and has not freed.
public struct LiveBlock: Sendable, Equatable {
    /// Of its first byte.
    public var address: UInt64
    /// Usable bytes, as malloc_usable_size says: arrays grow into what is more than was asked for. Below 2^40.
    public var size: UInt64
    /// Where it was allocated: an id of the recording's stack table, below 2^24; 0 if unknown.
    public var stack: UInt32
    /// When it was allocated: a tick of the recorder's coarse clock, or any number that grows.
    public var birth: UInt32

    public init(address: UInt64, size: UInt64, stack: UInt32 = 0, birth: UInt32 = 0) {
        self.address = address
        self.size = size
        self.stack = stack
        self.birth = birth
    }
}

/// Live blocks in ascending order of their addresses. A block's number is its position.
public struct LiveBlocks: Sendable {
    static let addressLimit: UInt64 = 1 << 47
    static let sizeLimit: UInt64 = 1 << 40
    private static let stackLimit: UInt32 = 1 << 24

    /// Of the first bytes, ascending.
    private(set) var addresses: [UInt64]
    /// Size in the low 40 bits, stack in the upper 24.
    private var extents: [UInt64]
    private var births: [UInt32]
    /// Blocks that were given but cannot be: beyond user addresses, without an address, of a size or a stack beyond the
    /// limits, twice the same, or within another.
    public let rejected: Int

    /// Takes blocks in any order.
    public init(_ blocks: [LiveBlock]) {
        var sorted = blocks
        if !zip(blocks, blocks.dropFirst()).allSatisfy({ $0.address < $1.address }) {
            sorted.sort { $0.address < $1.address }
        }
        addresses = []
        extents = []
        births = []
        addresses.reserveCapacity(sorted.count)
        extents.reserveCapacity(sorted.count)
        births.reserveCapacity(sorted.count)
        var end: UInt64 = 1  // address 0 is no block
        for block in sorted {
            guard block.address >= end, block.address < Self.addressLimit, block.size < Self.sizeLimit,
                block.stack < Self.stackLimit
            else { continue }
            addresses.append(block.address)
            extents.append(max(1, block.size) | UInt64(block.stack) << 40)
            births.append(block.birth)
            end = block.address + max(1, block.size)
        }
        rejected = sorted.count - addresses.count
    }

    public var count: Int { addresses.count }

    public subscript(_ number: Int) -> LiveBlock {
        LiveBlock(address: addresses[number], size: size(number), stack: stack(number), birth: births[number])
    }

    func address(_ number: Int) -> UInt64 { addresses[number] }
    /// Usable bytes, at least 1: a pointer to an empty block is one to it.
    func size(_ number: Int) -> UInt64 { extents[number] & (Self.sizeLimit - 1) }
    func end(_ number: Int) -> UInt64 { addresses[number] + size(number) }
    func stack(_ number: Int) -> UInt32 { UInt32(extents[number] >> 40) }
    func birth(_ number: Int) -> UInt32 { births[number] }

    /// Usable bytes of all.
    public var totalSize: UInt64 { extents.reduce(0) { $0 + ($1 & (Self.sizeLimit - 1)) } }
}

extension LiveBlocks {
    /// The blocks with those of a pool in the place of the blocks that the pool took them from, and what is left of
    /// these: memory of the pool itself, whose words are to be taken as roots.
    func divided(by pool: [LiveBlock]) -> (blocks: LiveBlocks, rest: [Range<UInt64>]) {
        let inner = LiveBlocks(pool)
        var result: [LiveBlock] = []
        var rest: [Range<UInt64>] = []
        var next = 0
        for number in 0..<count {
            while next < inner.count, inner.end(next) <= address(number) {
                result.append(inner[next])  // in no block
                next += 1
            }
            guard next < inner.count, inner.address(next) < end(number) else {
                result.append(self[number])
                continue
            }
            var start = address(number)
            while next < inner.count, inner.address(next) < end(number) {
                if inner.address(next) > start { rest.append(start..<inner.address(next)) }
                result.append(inner[next])
                start = max(start, inner.end(next))
                next += 1
            }
            if start < end(number) { rest.append(start..<end(number)) }
        }
        return (LiveBlocks(result + (next..<inner.count).map { inner[$0] }), rest)
    }
}
