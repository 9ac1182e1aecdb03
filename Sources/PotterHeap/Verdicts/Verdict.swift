// SPDX-License-Identifier: Apache-2.0

/// What is wrong with memory that the program cannot reach any more.
public enum LeakKind: String, Sendable, CaseIterable {
    /// A block to which no reference is left.
    case leakedRoot = "leaked root"
    /// Objects that keep each other alive.
    case leakedCycle = "leaked cycle"
    /// Such objects, to which the program has only weak references left.
    case weaklyObservedCycle = "weakly observed cycle"
    /// A suspended task that nothing can resume.
    case leakedTask = "leaked task"
    /// An object with more retains than references.
    case overRetained = "over-retained"
    /// Memory that is kept by one of the others.
    case ownedByLeak = "owned by a leak"
}

/// How sure a verdict is.
public enum LeakConfidence: String, Sendable, CaseIterable {
    /// Unreachable, and the reference counts know of no other owner.
    case proven
    /// Unreachable, but an owner may hide where no scan sees it.
    case suspected
}

/// Why a leak is not proven.
public enum LeakDoubt: Sendable, Equatable, CustomStringConvertible {
    /// The reference count is so much more than the references found: somebody else may have one.
    case moreCounted(UInt32)
    /// It is so much less: some of what was found is no strong reference.
    case fewerCounted(UInt32)
    /// The reference count cannot be read, or is that of an object whose deinit runs.
    case unreadableCount
    /// Memory without a reference count is part of the cycle.
    case noCount
    /// The address of the block was found in a form that is no reference.
    case hiddenAddress
    /// What refers to it is not proven to be leaked.
    case doubtfulOwner

    public var description: String {
        switch self {
        case .moreCounted(let count): "its reference count is \(count) more than the references found"
        case .fewerCounted(let count):
            "its reference count is \(count) less than the references found: some are not strong"
        case .unreadableCount: "its reference count cannot be read"
        case .noCount: "memory without a reference count is part of the cycle"
        case .hiddenAddress: "its address was found in another form"
        case .doubtfulOwner: "what refers to it may have an owner that was not found"
        }
    }
}

/// What is said of one unreachable block.
public struct LeakVerdict: Sendable, Equatable {
    public var kind: LeakKind
    /// nil if it is proven.
    public var doubt: LeakDoubt?

    public var confidence: LeakConfidence { doubt == nil ? .proven : .suspected }
}
