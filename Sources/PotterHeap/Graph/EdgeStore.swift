// SPDX-License-Identifier: Apache-2.0
// References between blocks: 8 bytes each, and 4 for each block. A column grows by realloc, which moves pages instead of
// copying them where it is large: a Swift array would need room for both.

import Glibc

enum EdgeKind: UInt32 {
    /// To the first byte of the block, tag bits aside.
    case direct
    /// To another byte of it.
    case interior
    /// From an object's header to its side table.
    case sideTable
    /// It keeps the memory, not the object.
    case unowned
    /// From what looks like the side table of an object that is gone, to what is at the object's place now.
    case formerObject
}

/// A word in a block that refers to another block, or to the same.
struct Edge {
    /// Number of the block.
    var target: UInt32
    /// Slot in the low 28 bits, kind in the upper 4.
    private var bits: UInt32

    private static let slotLimit: UInt32 = 1 << 28

    init(target: UInt32, slot: Int, kind: EdgeKind) {
        self.target = target
        bits = UInt32(min(slot, Int(Self.slotLimit - 1))) | kind.rawValue << 28
    }

    /// Where the word lies in the block, in words; all beyond 2 GiB have the same.
    var slot: UInt32 { bits & (Self.slotLimit - 1) }
    /// Where the word lies in the block, in bytes.
    var offset: UInt64 { UInt64(slot) * 8 }
    var kind: EdgeKind {
        get { EdgeKind(rawValue: bits >> 28) ?? .interior }
        set { bits = bits & (Self.slotLimit - 1) | newValue.rawValue << 28 }
    }
}

/// The edges of blocks, appended in the order of the blocks.
final class EdgeStore {
    private var edges: UnsafeMutablePointer<Edge>
    private var capacity: Int
    private(set) var count = 0
    /// Where the edges of each finished block end.
    private let ends: UnsafeMutablePointer<UInt32>
    private let blockCount: Int
    private var finished = 0

    init(blockCount: Int) {
        self.blockCount = blockCount
        capacity = 4096
        edges = Self.resized(nil, capacity)
        ends = .allocate(capacity: max(1, blockCount))
    }

    deinit {
        free(edges)
        ends.deallocate()
    }

    @inline(__always)
    func append(_ edge: Edge) {
        if count == capacity { grow() }
        edges[count] = edge
        count &+= 1
    }

    /// All edges of the next block are appended.
    func finishBlock() throws {
        guard count < Int(UInt32.max) else { throw HeapError.tooManyReferences }
        ends[finished] = UInt32(count)
        finished += 1
    }

    /// The edges of a finished block.
    subscript(_ block: Int) -> UnsafeMutableBufferPointer<Edge> {
        let start = block == 0 ? 0 : Int(ends[block - 1])
        return UnsafeMutableBufferPointer(start: edges + start, count: Int(ends[block]) - start)
    }

    /// Changes the kind of edges of the block that is not finished yet.
    func changeKinds(from first: Int, to kind: EdgeKind, where isMeant: (Edge) -> Bool) {
        for position in first..<count where isMeant(edges[position]) { edges[position].kind = kind }
    }

    private func grow() {
        capacity *= 2
        edges = Self.resized(edges, capacity)
    }

    private static func resized(_ old: UnsafeMutablePointer<Edge>?, _ capacity: Int) -> UnsafeMutablePointer<Edge> {
        guard let memory = realloc(old, capacity * MemoryLayout<Edge>.stride) else {
            preconditionFailure("out of memory for \(capacity) references between blocks")
        }
        return memory.bindMemory(to: Edge.self, capacity: capacity)
    }
}
