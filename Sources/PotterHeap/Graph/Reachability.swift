// SPDX-License-Identifier: Apache-2.0
// Which blocks can the program still get at? Marks from the roots along the references that keep what they refer to:
// not out of a side table, and not along an unowned reference, unless the object is gone and its memory kept by it.

struct Reachability {
    private(set) var reached: BlockSet
    /// Bytes of roots that were read, and that could not be.
    private(set) var rootBytes: UInt64 = 0
    private(set) var unreadRootBytes: UInt64 = 0

    private let graph: HeapGraph
    private var pending: [UInt32] = []

    private static let windowBytes = 1 << 20

    init(_ graph: HeapGraph, roots: Roots) {
        self.graph = graph
        reached = BlockSet(capacity: graph.image.blocks.count)
        let scanner = graph.scanner
        for word in roots.words { mark(word, scanner) }
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.windowBytes, alignment: 16)
        defer { window.deallocate() }
        for root in roots.ranges { mark(root, window, scanner) }
    }

    func isReached(_ block: Int) -> Bool { reached.contains(block) }

    private mutating func mark(_ word: UInt64, _ scanner: WordScanner) {
        let block = scanner.target(of: word)
        if block >= 0 && reached.insert(block) {
            pending.append(UInt32(block))
            follow()
        }
    }

    private mutating func mark(_ root: Root, _ window: UnsafeMutableRawBufferPointer, _ scanner: WordScanner) {
        var here = (root.range.lowerBound + 7) & ~7
        while here + 8 <= root.range.upperBound {
            let wanted = Int(min(UInt64(window.count), (root.range.upperBound - here) & ~7))
            let target = UnsafeMutableRawBufferPointer(rebasing: window[..<wanted])
            let got = max(0, min(graph.image.memory.read(from: here, into: target), wanted)) & ~7
            let words = UnsafeRawBufferPointer(rebasing: window[..<got]).bindMemory(to: UInt64.self)
            for word in words {
                let block = scanner.target(of: word)
                if block < 0 || root.ignoresChunkHeaders && isNextHeader(word, of: block) { continue }
                if reached.insert(block) { pending.append(UInt32(block)) }
            }
            follow()
            rootBytes += UInt64(got)
            if got == wanted {
                here += UInt64(wanted)
            } else {
                let next = (here + UInt64(got) + 4096) & ~4095
                unreadRootBytes += min(next, root.range.upperBound) - here - UInt64(got)
                here = next
            }
        }
    }

    /// The C library's lists of free chunks refer to chunks by their headers, and these begin in the last word of the
    /// block before: no reference to that block.
    private func isNextHeader(_ word: UInt64, of block: Int) -> Bool {
        word == graph.image.blocks.end(block) - 8 && graph.image.blocks.size(block) > 8
    }

    private mutating func follow() {
        while let block = pending.popLast() {
            for edge in graph.edges[Int(block)] where graph.isFollowed(edge, of: Int(block)) {
                if reached.insert(Int(edge.target)) { pending.append(edge.target) }
            }
        }
    }
}
