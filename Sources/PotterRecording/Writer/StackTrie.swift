// SPDX-License-Identifier: Apache-2.0
// Locations and stacks, interned. A stack is a node of a trie: its parent is the caller's stack, 0 the root. Ids are
// indices, grow without gaps, and a parent's is smaller than its children's: who reads them in order has always met
// the parent first.

import PotterCore
import PotterProfile

struct StackTrie {
    struct Node {
        var parent: UInt32
        var location: UInt32
        var flags: StackFlags.RawValue
    }

    /// Index 0 is no location.
    private(set) var locations = [Location(module: 0, address: 0)]
    /// Index 0 is the root.
    private(set) var nodes = [Node(parent: 0, location: 0, flags: 0)]
    private var locationIDs: [InternTable] = []  // by module: its addresses
    private var nodeIDs = InternTable(capacity: 1 << 12)  // (parent, location)
    private var flaggedIDs = InternTable()  // (node without flags, flags)

    mutating func location(_ location: Location) -> UInt32 {
        let module = Int(location.module)
        while locationIDs.count <= module { locationIDs.append(InternTable()) }
        let found = locationIDs[module].id(of: location.address, orInsert: UInt32(locations.count))
        if found.inserted { locations.append(location) }
        return found.id
    }

    mutating func node(parent: UInt32, location: UInt32) -> UInt32 {
        let found = nodeIDs.id(of: UInt64(parent) << 32 | UInt64(location), orInsert: UInt32(nodes.count))
        if found.inserted { nodes.append(Node(parent: parent, location: location, flags: 0)) }
        return found.id
    }

    /// The stack of `frames`, leaf first. The flags stand with the leaf: a stack that was walked less well than another
    /// with the same frames is another stack.
    mutating func stack(_ frames: [Location], flags: StackFlags, cut: UInt32) -> UInt32 {
        var node: UInt32 = 0
        if flags.contains(.incomplete) {
            node = self.node(parent: node, location: location(PseudoFrame.incomplete.location()))
        }
        for index in frames.indices.reversed() {
            node = self.node(parent: node, location: location(frames[index]))
            if flags.contains(.cut) && index == Self.framesBelowCut {
                node = self.node(parent: node, location: location(PseudoFrame.cut.location(count: cut)))
            }
        }
        return flags.isEmpty ? node : flagged(node, flags)
    }

    /// `PP_CUT_FRAMES`: so many frames are kept at the leaf's end of a cut stack.
    static let framesBelowCut = 256

    private mutating func flagged(_ plain: UInt32, _ flags: StackFlags) -> UInt32 {
        let key = UInt64(plain) << 32 | UInt64(flags.rawValue)
        let found = flaggedIDs.id(of: key, orInsert: UInt32(nodes.count))
        if found.inserted {
            let node = nodes[Int(plain)]
            nodes.append(Node(parent: node.parent, location: node.location, flags: flags.rawValue))
        }
        return found.id
    }
}

extension StackTrie {
    /// Puts back what a recording holds, in the order of the ids.
    mutating func restore(location: Location) {
        _ = self.location(location)
    }

    mutating func restore(_ node: Node) {
        let plainKey = UInt64(node.parent) << 32 | UInt64(node.location)
        let new = UInt32(nodes.count)
        if node.flags == 0 {
            _ = nodeIDs.id(of: plainKey, orInsert: new)
        } else {
            // Its plain twin came before it, by construction.
            let plain = nodeIDs.id(of: plainKey, orInsert: new).id
            _ = flaggedIDs.id(of: UInt64(plain) << 32 | UInt64(node.flags), orInsert: new)
        }
        nodes.append(node)
    }
}
