// SPDX-License-Identifier: Apache-2.0

/// All stacks of a profile as a trie. A stack is an index; its parent is its caller's stack, 0 the root, and always the
/// smaller number: one pass in order meets every caller before its callees.
public struct StackTable: Sendable {
    public private(set) var parents: [UInt32] = [0]
    /// The location of a stack's leaf, into the frame table.
    public private(set) var locations: [UInt32] = [0]

    public init() {}

    public var count: Int { parents.count }

    public mutating func reserve(_ count: Int) {
        parents.reserveCapacity(count)
        locations.reserveCapacity(count)
    }

    public mutating func append(parent: UInt32, location: UInt32) {
        precondition(parent < parents.count, "a caller comes before its callees")
        parents.append(parent)
        locations.append(location)
    }

    /// Locations from the leaf to the root.
    public func path(of stack: UInt32) -> [UInt32] {
        var path: [UInt32] = []
        var node = Int(stack)
        while node != 0 {
            path.append(locations[node])
            node = Int(parents[node])
        }
        return path
    }
}
