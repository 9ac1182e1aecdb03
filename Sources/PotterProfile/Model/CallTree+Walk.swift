// SPDX-License-Identifier: Apache-2.0

extension CallTree {
    /// Visits all nodes in depth-first order, without recursion: stacks may be as deep as the recorder keeps them, and
    /// without an array for each node: there may be millions.
    public func walk(enter: (Int) -> Void, leave: (Int) -> Void) {
        // Threaded lists: the first child of a node, the next sibling of a node; 0 ends a list (the root is no child).
        var firstChild = Array(repeating: 0, count: nodes.count)
        var nextSibling = Array(repeating: 0, count: nodes.count)
        for index in nodes.indices.dropFirst().reversed() {
            nextSibling[index] = firstChild[nodes[index].parent]
            firstChild[nodes[index].parent] = index
        }
        var node = 0
        enter(node)
        while true {
            if firstChild[node] != 0 {
                node = firstChild[node]
                enter(node)
                continue
            }
            while nextSibling[node] == 0 {
                leave(node)
                if node == 0 { return }
                node = nodes[node].parent
            }
            leave(node)
            node = nextSibling[node]
            enter(node)
        }
    }
}
