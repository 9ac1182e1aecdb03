// SPDX-License-Identifier: Apache-2.0

/// Counts live blocks by type.
struct TypeCensus {
    private let graph: HeapGraph
    private(set) var coverage = MemorySnapshot.Coverage()

    init(_ graph: HeapGraph) {
        self.graph = graph
        coverage.heapBytes = graph.readBytes
        coverage.unreadBytes = graph.unreadBytes
        coverage.rejectedBlocks = graph.image.blocks.rejected
        coverage.threads = graph.image.threads.count
    }

    mutating func types() -> [MemorySnapshot.TypeUsage] {
        let blocks = graph.image.blocks
        var counts = [(blocks: Int, bytes: UInt64)](repeating: (0, 0), count: graph.types.types.count)
        var example = [Int](repeating: -1, count: counts.count)
        for block in 0..<blocks.count {
            let number = Int(graph.typeNumbers[block])
            counts[number].blocks += 1
            counts[number].bytes += blocks.size(block)
            example[number] = block
        }
        return merged(counts, example)
    }

    /// Metadata of one type may be there twice, and closures have one for each form of captures.
    private mutating func merged(_ counts: [(blocks: Int, bytes: UInt64)], _ example: [Int]) -> [MemorySnapshot
        .TypeUsage]
    {
        let labels = Labels(graph)
        var byName: [String: MemorySnapshot.TypeUsage] = [:]
        for (number, count) in counts.enumerated() where number != Int(TypeTable.none) && count.blocks > 0 {
            let isObject = graph.types[TypeTable.Number(number)].kind.isCounted
            let name = labels.typeName(of: example[number])
            if isObject { coverage.swiftObjects += count.blocks }
            guard let name else { continue }
            if isObject { coverage.namedSwiftObjects += count.blocks }
            byName[name, default: .init(type: name, blocks: 0, bytes: 0)].blocks += count.blocks
            byName[name]?.bytes += count.bytes
        }
        return byName.values.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
    }
}
