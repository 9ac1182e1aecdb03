// SPDX-License-Identifier: Apache-2.0
// Strongly connected components by Tarjan's algorithm (SIAM J. Comput. 1, 1972), without recursion: lists of a million
// nodes are one component.

struct StrongComponents {
    /// Component of each node. Components are numbered so that references between them lead to smaller numbers.
    private(set) var component: [Int32]
    /// Nodes by component, and where each component's begin: ten million components are two columns.
    private var nodes: [Int32] = []
    private var starts: [Int32] = [0]

    private var order: [Int32]
    private var lowest: [Int32]
    private var pending: [Int32] = []
    private var clock: Int32 = 0

    init(_ graph: UnreachableGraph) {
        component = Array(repeating: -1, count: graph.count)
        order = Array(repeating: -1, count: graph.count)
        lowest = Array(repeating: -1, count: graph.count)
        for node in 0..<graph.count where order[node] < 0 { search(from: node, graph) }
        order = []
        lowest = []
    }

    var count: Int { starts.count - 1 }

    /// Nodes of a component; never empty.
    subscript(_ component: Int) -> ArraySlice<Int32> { nodes[Int(starts[component])..<Int(starts[component + 1])] }

    private mutating func search(from start: Int, _ graph: UnreachableGraph) {
        var path: [(node: Int, next: Int)] = [(start, graph[start].startIndex)]
        enter(start)
        while let (node, next) = path.last {
            let references = graph[node]
            if next < references.endIndex {
                path[path.count - 1].next = next + 1
                let target = Int(references[next].target)
                if order[target] < 0 {
                    enter(target)
                    path.append((target, graph[target].startIndex))
                } else if component[target] < 0 {
                    lowest[node] = min(lowest[node], order[target])
                }
            } else {
                path.removeLast()
                if let above = path.last { lowest[above.node] = min(lowest[above.node], lowest[node]) }
                if lowest[node] == order[node] { close(node) }
            }
        }
    }

    private mutating func enter(_ node: Int) {
        order[node] = clock
        lowest[node] = clock
        clock += 1
        pending.append(Int32(node))
    }

    private mutating func close(_ root: Int) {
        let number = Int32(count)
        while let node = pending.popLast() {
            component[Int(node)] = number
            nodes.append(node)
            if node == Int32(root) { break }
        }
        starts.append(Int32(nodes.count))
    }
}
