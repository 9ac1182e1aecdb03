// SPDX-License-Identifier: Apache-2.0
// The part of the heap that nothing can reach, with its references looked at one by one: which of them does a reference
// count know?

/// What a word that refers to a block is to the block's reference count.
enum ReferenceClass: UInt8 {
    /// A strong reference of a Swift object: it counts.
    case counted
    /// In a task or one of its frames, which hold some references and borrow others: it may count.
    case frame
    /// In memory that is no Swift object, of a pointer type, or to an inner byte: it need not count.
    case uncounted
}

struct UnreachableGraph {
    struct Reference {
        var target: Int32
        var `class`: ReferenceClass
        var offset: UInt64
    }

    /// Block of each node, ascending.
    let blocks: [Int]
    /// References of each node to nodes, as slices of one array.
    private(set) var references: [Reference] = []
    private var ends: [Int] = []

    let graph: HeapGraph

    init(_ graph: HeapGraph, _ reachability: Reachability) {
        self.graph = graph
        blocks = (0..<graph.image.blocks.count).filter { !reachability.isReached($0) }
        let nodes = Self.numbers(of: blocks, blockCount: graph.image.blocks.count)
        for block in blocks {
            append(referencesOf: block, nodes)
            ends.append(references.count)
        }
    }

    var count: Int { blocks.count }

    subscript(_ node: Int) -> ArraySlice<Reference> { references[(node == 0 ? 0 : ends[node - 1])..<ends[node]] }

    func address(_ node: Int) -> UInt64 { graph.image.blocks.address(blocks[node]) }
    func type(_ node: Int) -> ObjectType? { graph.type(of: blocks[node]) }
    func isSideTable(_ node: Int) -> Bool { graph.sideTables.contains(blocks[node]) }

    /// The node of a block; -1 for reachable ones.
    private static func numbers(of blocks: [Int], blockCount: Int) -> [Int32] {
        if blocks.isEmpty { return [] }
        var numbers = [Int32](repeating: -1, count: blockCount)
        for (node, block) in blocks.enumerated() { numbers[block] = Int32(node) }
        return numbers
    }

    private mutating func append(referencesOf block: Int, _ nodes: [Int32]) {
        let type = graph.type(of: block)
        for edge in graph.edges[block] where edge.kind != .unowned && graph.isFollowed(edge, of: block) {
            let target = nodes[Int(edge.target)]
            guard target >= 0, let found = referenceClass(edge, block, type) else { continue }
            references.append(Reference(target: target, class: found, offset: edge.offset))
        }
    }

    /// nil if the word is left over from something that is gone.
    private func referenceClass(_ edge: Edge, _ block: Int, _ type: ObjectType?) -> ReferenceClass? {
        if edge.kind == .sideTable { return .uncounted }
        guard let type else { return .uncounted }
        let address = graph.image.blocks.address(block)
        if let storage = type.storage {
            switch StorageLayouts.use(ofWordAt: edge.offset, in: address, storage, memory: graph.memory) {
            case .reference: break
            case .value: return .uncounted
            case .unused: return nil
            }
        } else if isSlack(edge.offset, block, type) {
            return nil
        }
        if type.kind == .task || type.kind == .taskSlab { return .frame }
        guard edge.kind == .direct else { return .uncounted }
        // What lies behind an instance belongs to no field.
        if type.kind == .class && edge.offset >= type.instanceSize { return .counted }
        let field = graph.types.fields.field(at: edge.offset, of: type.metadata, kind: type.kind)
        return field?.ownership == .unmanaged ? .uncounted : .counted
    }

    /// Behind an instance, what the allocator gave more than was asked for: less than two words' alignment. If there is more,
    /// the class has elements allocated behind its instances.
    private func isSlack(_ offset: UInt64, _ block: Int, _ type: ObjectType) -> Bool {
        guard type.kind == .class, offset >= type.instanceSize else { return false }
        return graph.image.blocks.size(block) - type.instanceSize < 24
    }
}

extension UnreachableGraph {
    /// Blocks without a reference count that nothing refers to, ascending.
    var uncountedRoots: [Int] {
        var isReferredTo = [Bool](repeating: false, count: count)
        for node in 0..<count {
            for reference in self[node] where Int(reference.target) != node {
                isReferredTo[Int(reference.target)] = true
            }
        }
        return (0..<count).filter { !isReferredTo[$0] && type($0) == nil && !isSideTable($0) }.map { blocks[$0] }
    }
}
