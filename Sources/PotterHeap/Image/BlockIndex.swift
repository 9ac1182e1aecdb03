// SPDX-License-Identifier: Apache-2.0
// Which block does an address lie in? Asked for every word of the heap, so it has to answer in nanoseconds, mostly "none".
//
//   address: | chunk, 17 bits | granule, 20 bits | 10 bits |
//   chunks[chunk]  -> the blocks that begin in this GiB, and where its granules are, if it has many blocks
//   granules[..]   -> number of blocks that begin below the granule: the search begins and ends there
//
// A granule of 1 KiB holds 64 blocks at most. Granules of a GiB take 4 MiB; where there are few blocks, a search among all
// of them does, so that blocks that are strewn over all addresses cost no more than others.

final class BlockIndex {
    private struct Chunk {
        /// Blocks that begin in the chunk: from `first` to before `last`.
        var first: UInt32
        var last: UInt32
        /// Position of its first granule; -1 if it has none.
        var granules: Int
    }

    private static let granuleBits: UInt64 = 10
    private static let chunkBits: UInt64 = 30
    private static let granulesPerChunk = 1 << Int(chunkBits - granuleBits)
    /// Blocks of a chunk from which on it has granules.
    private static let manyBlocks = 32768

    private let addresses: UnsafeMutablePointer<UInt64>
    private let ends: UnsafeMutablePointer<UInt64>
    private let chunks: UnsafeMutablePointer<Chunk>
    private let granules: UnsafeMutablePointer<UInt32>
    private let low: UInt64
    private let span: UInt64

    init(_ blocks: LiveBlocks) {
        let count = blocks.count
        addresses = .allocate(capacity: max(1, count))
        ends = .allocate(capacity: max(1, count))
        for number in 0..<count {
            addresses[number] = blocks.address(number)
            ends[number] = blocks.end(number)
        }
        low = count == 0 ? 0 : addresses[0]
        span = count == 0 ? 0 : ends[count - 1] - low
        let chunkCount = Int((LiveBlocks.addressLimit + LiveBlocks.sizeLimit) >> Self.chunkBits) + 1
        chunks = .allocate(capacity: chunkCount)
        let granuleCount = Self.fill(chunks, chunkCount, addresses, count)
        granules = .allocate(capacity: max(1, granuleCount))
        for chunk in 0..<chunkCount where chunks[chunk].granules >= 0 { fillGranules(of: chunk) }
    }

    deinit {
        addresses.deallocate()
        ends.deallocate()
        chunks.deallocate()
        granules.deallocate()
    }

    /// Number of the block that holds `address`, its first byte or any other; -1 if none does.
    @inline(__always)
    func block(holding address: UInt64) -> Int {
        guard address &- low < span else { return -1 }
        let chunk = chunks[Int(truncatingIfNeeded: address >> Self.chunkBits)]
        var first = Int(chunk.first)
        var last = Int(chunk.last)
        if chunk.granules >= 0 {
            let granule = Int(truncatingIfNeeded: address >> Self.granuleBits) & (Self.granulesPerChunk &- 1)
            first = Int(granules[chunk.granules &+ granule])
            last = Int(granules[chunk.granules &+ granule &+ 1])
        }
        while first < last {
            let middle = (first &+ last) >> 1
            if addresses[middle] <= address { first = middle &+ 1 } else { last = middle }
        }
        // The block may have begun in a chunk before.
        return first > 0 && address < ends[first &- 1] ? first &- 1 : -1
    }

    @inline(__always)
    func address(of block: Int) -> UInt64 { addresses[block] }

    /// - Returns: number of granules of all chunks.
    private static func fill(
        _ chunks: UnsafeMutablePointer<Chunk>, _ chunkCount: Int, _ addresses: UnsafePointer<UInt64>, _ blockCount: Int
    ) -> Int {
        var block = 0
        var granuleCount = 0
        for number in 0..<chunkCount {
            let limit = UInt64(number + 1) << chunkBits
            let first = block
            while block < blockCount && addresses[block] < limit { block += 1 }
            let isDense = block - first >= manyBlocks
            chunks[number] = Chunk(first: UInt32(first), last: UInt32(block), granules: isDense ? granuleCount : -1)
            if isDense { granuleCount += granulesPerChunk + 1 }
        }
        return granuleCount
    }

    private func fillGranules(of number: Int) {
        let chunk = chunks[number]
        var block = Int(chunk.first)
        for granule in 0...Self.granulesPerChunk {
            let limit = UInt64(number) << Self.chunkBits + UInt64(granule) << Self.granuleBits
            while block < Int(chunk.last) && addresses[block] < limit { block += 1 }
            granules[chunk.granules + granule] = UInt32(block)
        }
    }
}
