// SPDX-License-Identifier: Apache-2.0
// Block -> type, by its first word. Asked for every block: the answer for a word is kept, also the answer "no type".

import PotterCore

final class TypeTable {
    /// Number of a type; 0: no Swift object.
    typealias Number = UInt32
    static let none: Number = 0

    private let memory: CachedMemory
    private let modules: [Range<UInt64>]
    private let index: BlockIndex
    private let blocks: LiveBlocks
    private let slabMarker: UInt64?
    let names: TypeNames
    let fields: FieldTable
    /// By number; the first is a place holder.
    private(set) var types: [ObjectType]
    /// First word -> number + 1.
    private var known = InternTable(capacity: 4096)

    /// Generic metadata that is made at run time lies in pages of this many bytes, or in larger blocks of their own
    /// (stdlib/public/runtime/Metadata.cpp, MetadataAllocator: 16 KiB); beside that, in modules.
    private static let smallestMetadataPage: UInt64 = 8 << 10

    init(image: HeapImage, memory: CachedMemory, runtime: SwiftRuntime, index: BlockIndex) {
        let modules = image.modules.map(\.range)
        self.memory = memory
        self.modules = modules
        self.index = index
        blocks = image.blocks
        slabMarker = runtime.slabMarker
        let isCode = { (address: UInt64) in TypeTable.contains(modules, address) }
        names = TypeNames(memory: memory, isCode: isCode)
        fields = FieldTable(memory: memory, contexts: names.contexts, isCode: isCode)
        types = [ObjectType(kind: .taskSlab, metadata: 0, instanceSize: 0, unownedOffsets: [], storage: nil)]
    }

    subscript(_ number: Number) -> ObjectType { types[Int(number)] }

    /// The type of a block by its first two words and its size; `none` if it is no Swift object.
    func type(header: UInt64, counts: UInt64, size: UInt64) -> Number {
        guard header & 7 == 0, header != 0, size >= 16, mayHoldMetadata(header) else { return Self.none }
        let number = number(of: header)
        guard number != Self.none else { return Self.none }
        let type = types[Int(number)]
        guard type.instanceSize <= size, !type.kind.isCounted || RefCount(bits: counts).isPlausible else {
            return Self.none
        }
        return number
    }

    private func mayHoldMetadata(_ address: UInt64) -> Bool {
        if Self.contains(modules, address) { return true }
        let block = index.block(holding: address)
        return block >= 0 && blocks.size(block) >= Self.smallestMetadataPage
    }

    private func number(of metadata: UInt64) -> Number {
        if let id = known.id(of: metadata) { return id - 1 }
        var number = Self.none
        if let type = decode(metadata) {
            number = Number(types.count)
            types.append(type)
        }
        _ = known.id(of: metadata, orInsert: number + 1)
        return number
    }

    private func decode(_ metadata: UInt64) -> ObjectType? {
        if metadata == slabMarker {
            return ObjectType(kind: .taskSlab, metadata: metadata, instanceSize: 0, unownedOffsets: [], storage: nil)
        }
        guard let word = memory.word(at: metadata), let kind = ObjectKind(metadataKind: word) else { return nil }
        var size: UInt64 = 0
        var storage: StorageLayout?
        switch kind {
        case .class:
            guard let type = ClassMetadata(at: metadata, memory: memory, isCode: { Self.contains(self.modules, $0) }),
                names.contexts.name(of: type.descriptor) != nil
            else { return nil }
            size = UInt64(type.instanceSize)
            storage = StorageLayouts.layout(of: type, names: names.contexts, memory: memory)
        case .captures, .box:
            guard let first = memory.load(UInt32.self, at: metadata &+ 8), (8...256).contains(first) else { return nil }
            size = UInt64(first)
        case .error, .task, .taskSlab:
            break
        }
        let fields = fields.fields(of: metadata, kind: kind)
        let unowned = fields.filter { $0.ownership == .unowned }.map(\.offset)
        return ObjectType(kind: kind, metadata: metadata, instanceSize: size, unownedOffsets: unowned, storage: storage)
    }

    /// Whether one of ascending, separate ranges holds the address.
    static func contains(_ ranges: [Range<UInt64>], _ address: UInt64) -> Bool {
        var first = 0
        var last = ranges.count
        while first < last {
            let middle = (first + last) / 2
            if ranges[middle].upperBound <= address { first = middle + 1 } else { last = middle }
        }
        return first < ranges.count && ranges[first].contains(address)
    }
}
