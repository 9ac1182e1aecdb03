// SPDX-License-Identifier: Apache-2.0
// Fields of classes out of their reflection records (section swift5_fieldmd; swift/RemoteInspection/Records.h):
//
//   descriptor: +0 type | +4 superclass | +8 kind | +10 size of a record | +12 number of records | +16 records
//   record:     +0 flags | +4 type name, relative | +8 field's name, relative

final class FieldTable {
    private let memory: CachedMemory
    private let contexts: ContextNames
    private let isCode: (UInt64) -> Bool
    private var known: [UInt64: [Field]] = [:]

    /// Levels of superclasses that are followed, and fields of one class that are read.
    private static let deepest = 64
    private static let mostFields = 4096

    init(memory: CachedMemory, contexts: ContextNames, isCode: @escaping (UInt64) -> Bool) {
        self.memory = memory
        self.contexts = contexts
        self.isCode = isCode
    }

    /// The fields of an instance in ascending order of their offsets, those of superclasses first; as many as have
    /// records.
    func fields(of metadata: UInt64, kind: ObjectKind) -> [Field] {
        if let fields = known[metadata] { return fields }
        let fields: [Field]
        switch kind {
        case .class: fields = classFields(metadata)
        case .captures: fields = CaptureLayout.captures(of: metadata, memory: memory, contexts: contexts)
        default: fields = []
        }
        known[metadata] = fields
        return fields
    }

    /// The field that the word at `offset` belongs to: the last one that does not begin behind it.
    func field(at offset: UInt64, of metadata: UInt64, kind: ObjectKind) -> Field? {
        let fields = fields(of: metadata, kind: kind)
        return fields.last { $0.offset <= offset }
    }

    private func classFields(_ metadata: UInt64) -> [Field] {
        var fields: [Field] = []
        var address = metadata
        for _ in 0..<Self.deepest {
            guard let type = ClassMetadata(at: address, memory: memory, isCode: isCode) else { break }
            fields += ownFields(of: type)
            if type.superclass == 0 { break }
            address = type.superclass
        }
        return fields.sorted { $0.offset < $1.offset }
    }

    private func ownFields(of type: ClassMetadata) -> [Field] {
        guard let descriptor = type.fieldDescriptor, let size = memory.load(UInt16.self, at: descriptor &+ 10),
            size >= 12, let count = memory.load(UInt32.self, at: descriptor &+ 12), count <= Self.mostFields,
            let offsets = type.fieldOffsets(count: Int(count))
        else { return [] }
        let owner = ShortName.withoutModule(contexts.name(of: type.descriptor) ?? "")
        return offsets.enumerated().compactMap { index, offset in
            field(record: descriptor &+ 16 &+ UInt64(index) * UInt64(size), offset: offset, owner: owner)
        }
    }

    private func field(record: UInt64, offset: UInt64, owner: String) -> Field? {
        guard let address = memory.relative(at: record &+ 8), let name = memory.text(at: address) else { return nil }
        let type = memory.relative(at: record &+ 4).flatMap { MangledName(at: $0, memory: memory) }
        let ownership = type?.ownership(contextName: contexts.name) ?? .strong
        return Field(offset: offset, name: Self.readable(name), ownership: ownership, owner: owner)
    }

    /// `lazy var` and property wrappers are stored under names of their own.
    private static func readable(_ name: String) -> String {
        let lazy = "$__lazy_storage_$_"
        return name.hasPrefix(lazy) ? String(name.dropFirst(lazy.count)) : name
    }
}
