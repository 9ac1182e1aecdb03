// SPDX-License-Identifier: Apache-2.0

/// What the first word of a block says it is.
enum ObjectKind: UInt8, Sendable {
    case `class`
    /// Variables that a closure captured, or one that is shared with closures; 0x400.
    case captures
    /// A variable of a generic type that is shared with closures; 0x500.
    case box
    /// A thrown or thrown-to-be error with its value; 0x501.
    case error
    /// A task; 0x502.
    case task
    /// A slab that a task allocates its frames from. No object: it has no reference count.
    case taskSlab

    /// By the metadata's kind word (swift/ABI/MetadataKind.def).
    init?(metadataKind: UInt64) {
        switch metadataKind {
        case 0: self = .class
        case 0x400: self = .captures
        case 0x500: self = .box
        case 0x501: self = .error
        case 0x502: self = .task
        default: return nil
        }
    }

    var isCounted: Bool { self != .taskSlab }
}

/// What a type's value witnesses say of its values.
struct ElementLayout: Equatable {
    /// Bytes from one element to the next.
    var stride: UInt64
    var alignmentMask: UInt64
    /// Copying one is copying its bytes: it holds no counted reference.
    var isTrivial: Bool
}

/// Storages of the standard library whose elements say which of their words are in use.
enum StorageLayout: Equatable {
    /// Elements from `first` on; their count at +16.
    case array(first: UInt64, element: ElementLayout)
    /// Keys, and values if any, at addresses in the storage; a bit for each bucket says whether it is occupied.
    case hashed(key: ElementLayout, value: ElementLayout?)
}

/// A stored property, or a captured variable.
struct Field: Equatable {
    /// Bytes from the object's address.
    var offset: UInt64
    /// Empty for captured variables: they keep no names.
    var name: String
    var ownership: Ownership
    /// The class that declares it, without its module.
    var owner: String
}

/// A kind of objects: all that have the same first word.
struct ObjectType {
    var kind: ObjectKind
    /// The first word.
    var metadata: UInt64
    /// Bytes of an instance without what is allocated behind it; 0 where the metadata does not say.
    var instanceSize: UInt64
    /// Offsets of words that keep no object alive though they hold its address, ascending.
    var unownedOffsets: [UInt64]
    var storage: StorageLayout?
}
