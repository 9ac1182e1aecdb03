// SPDX-License-Identifier: Apache-2.0
// Stacks merged by function. Two addresses of one function are one node; an inlined function is a node of its own.
// Nodes are in an order in which a parent comes before its children: sums run backwards over the array, layouts
// forwards.
import PotterCore

public struct CallTree: Sendable {
    public struct Node: Sendable {
        /// Index of the caller's node; the root is its own.
        public var parent: Int
        /// Index into the profile's functions; 0 for the root.
        public var function: Int
        public var selfNs: Int64 = 0
        /// With all callees.
        public var totalNs: Int64 = 0
        public var selfSamples: UInt64 = 0
        public var totalSamples: UInt64 = 0
        /// Variance of the times, ns²: see `Weight.variance`.
        public var selfVariance = 0.0
        public var totalVariance = 0.0
    }

    /// Node 0 is the root.
    public private(set) var nodes = [Node(parent: 0, function: 0)]

    public init(_ profile: Profile) {
        let nodeOfStack = addStacks(of: profile)
        for weight in profile.weights {
            let node = nodeOfStack[Int(weight.stack)]
            nodes[node].selfNs &+= weight.weightNs
            nodes[node].selfSamples &+= weight.samples
            nodes[node].selfVariance += weight.variance
        }
        addUpTotals()
    }

    private mutating func addStacks(of profile: Profile) -> [Int] {
        var known = InternTable(capacity: profile.stacks.count)
        var nodeOfStack = Array(repeating: 0, count: profile.stacks.count)
        for stack in 1..<max(1, profile.stacks.count) {
            var node = nodeOfStack[Int(profile.stacks.parents[stack])]
            for entry in profile.frames.range(at: profile.stacks.locations[stack]).reversed() {
                node = child(of: node, function: profile.frames.entries[entry].function, &known)
            }
            nodeOfStack[stack] = node
        }
        return nodeOfStack
    }

    private mutating func child(of parent: Int, function: UInt32, _ known: inout InternTable) -> Int {
        let key = UInt64(parent) << 32 | UInt64(function)
        let found = known.id(of: key, orInsert: UInt32(nodes.count))
        if found.inserted { nodes.append(Node(parent: parent, function: Int(function))) }
        return Int(found.id)
    }

    private mutating func addUpTotals() {
        for index in nodes.indices.reversed() {
            nodes[index].totalNs &+= nodes[index].selfNs
            nodes[index].totalSamples &+= nodes[index].selfSamples
            nodes[index].totalVariance += nodes[index].selfVariance
            guard index != 0 else { continue }
            nodes[nodes[index].parent].totalNs &+= nodes[index].totalNs
            nodes[nodes[index].parent].totalSamples &+= nodes[index].totalSamples
            nodes[nodes[index].parent].totalVariance += nodes[index].totalVariance
        }
    }
}
