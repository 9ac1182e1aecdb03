// SPDX-License-Identifier: Apache-2.0

/// Who calls a function, whom it calls, and along which paths the time goes.
///
///     let graph = CallGraphAnalyzer(profile)
///     if let parse = graph.functions(named: "Parser.parse(_:)").first {
///         for edge in graph.callers(of: parse) { print(profile.functions[edge.function].name, edge.totalNs) }
///     }
///
/// An edge counts once per stack: a recursive call does not add its time again.
public struct CallGraphAnalyzer: Sendable {
    /// A caller or a callee, and the time spent below the call.
    public struct Edge: Sendable, Equatable {
        /// Index into the profile's functions; 0 is the root.
        public var function: Int
        public var totalNs: Int64
        public var samples: UInt64
    }

    /// Functions from the root to where the time was spent.
    public struct Path: Sendable, Equatable {
        public var functions: [Int]
        public var selfNs: Int64
        public var samples: UInt64
    }

    public let profile: Profile
    public let tree: CallTree

    public init(_ profile: Profile) {
        self.profile = profile
        tree = CallTree(profile)
    }

    /// Indices of the functions with this name; more than one if several modules have it.
    public func functions(named name: String) -> [Int] {
        profile.functions.indices.filter { profile.functions[$0].name == name }
    }

    /// The functions that call `function`, largest first.
    public func callers(of function: Int) -> [Edge] {
        edges { caller, callee in callee == function ? caller : nil }
    }

    /// The functions that `function` calls, largest first.
    public func callees(of function: Int) -> [Edge] {
        edges { caller, callee in caller == function ? callee : nil }
    }

    /// The paths with most self time.
    public func hotPaths(limit: Int) -> [Path] {
        let hottest = tree.nodes.indices.dropFirst().filter { tree.nodes[$0].selfNs > 0 }
            .sorted { (tree.nodes[$1].selfNs, $0) < (tree.nodes[$0].selfNs, $1) }
        return hottest.prefix(limit).map { index in
            Path(
                functions: path(to: index), selfNs: tree.nodes[index].selfNs, samples: tree.nodes[index].selfSamples)
        }
    }

    private func path(to index: Int) -> [Int] {
        var functions: [Int] = []
        var node = index
        while node != 0 {
            functions.append(tree.nodes[node].function)
            node = tree.nodes[node].parent
        }
        return functions.reversed()
    }

    /// Edges that `select` gives the other end of, added up.
    private func edges(_ select: (_ caller: Int, _ callee: Int) -> Int?) -> [Edge] {
        func other(_ node: Int) -> Int? {
            node == 0 ? nil : select(tree.nodes[tree.nodes[node].parent].function, tree.nodes[node].function)
        }
        var onPath: [Int: Int] = [:]
        var edges: [Int: Edge] = [:]
        tree.walk(
            enter: { node in
                guard let function = other(node) else { return }
                onPath[function, default: 0] &+= 1
                guard onPath[function] == 1 else { return }
                edges[function, default: Edge(function: function, totalNs: 0, samples: 0)].totalNs &+=
                    tree.nodes[node].totalNs
                edges[function]?.samples &+= tree.nodes[node].totalSamples
            },
            leave: { node in
                if let function = other(node) { onPath[function]? -= 1 }
            })
        let known = edges.values.filter { $0.totalNs != 0 || $0.samples != 0 }
        return known.sorted { ($1.totalNs, $0.function) < ($0.totalNs, $1.function) }
    }
}
