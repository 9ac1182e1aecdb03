// SPDX-License-Identifier: Apache-2.0

extension CallTree {
    /// Children as linked lists: an array for each of a million nodes would cost more than the tree.
    public struct Links: Sendable {
        // 0 ends a list: the root is nobody's child.
        fileprivate var firstChild: [Int32]
        fileprivate var nextSibling: [Int32]

        /// The children of a node, in the order of first appearance.
        public func children(of node: Int) -> [Int] {
            var children: [Int] = []
            var child = Int(firstChild[node])
            while child != 0 {
                children.append(child)
                child = Int(nextSibling[child])
            }
            return children
        }
    }

    public func links() -> Links {
        var links = Links(
            firstChild: Array(repeating: 0, count: nodes.count), nextSibling: Array(repeating: 0, count: nodes.count))
        for index in nodes.indices.dropFirst().reversed() {
            links.nextSibling[index] = links.firstChild[nodes[index].parent]
            links.firstChild[nodes[index].parent] = Int32(index)
        }
        return links
    }

    /// Visits all nodes in depth-first order, without recursion: stacks may be as deep as the recorder keeps them.
    public func walk(enter: (Int) throws -> Void, leave: (Int) throws -> Void) rethrows {
        let links = links()
        var node = 0
        try enter(node)
        while true {
            if links.firstChild[node] != 0 {
                node = Int(links.firstChild[node])
                try enter(node)
                continue
            }
            while links.nextSibling[node] == 0 {
                try leave(node)
                if node == 0 { return }
                node = nodes[node].parent
            }
            try leave(node)
            node = Int(links.nextSibling[node])
            try enter(node)
        }
    }
}
