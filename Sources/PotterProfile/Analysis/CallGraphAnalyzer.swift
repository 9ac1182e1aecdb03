// SPDX-License-Identifier: Apache-2.0

/// Who calls a function, whom it calls, and along which paths the time goes.
///
///     let graph = CallGraphAnalyzer(profile)
///     for calls in graph.calls(ofFunctionsMatching: try NamePattern("Parser.parse")) {
///         for edge in calls.callers { print(profile.functions[edge.function].name, edge.totalNs) }
///     }
///
/// An edge counts once per stack: a recursive call does not add its time again. A function that is called from two
/// places in one stack, as by recursion, has that time under both callers, as pprof's `-peek` shows it.
public struct CallGraphAnalyzer: Sendable {
    /// A caller or a callee, and the time spent below the call.
    public struct Edge: Sendable, Equatable {
        /// Index into the profile's functions; 0 is the root.
        public var function: Int
        public var totalNs: Int64
        public var samples: UInt64
        /// Of `totalNs`, ns²: see `Weight.variance`.
        public var variance = 0.0
    }

    /// A function between its callers and its callees, both largest first.
    public struct Calls: Sendable {
        public var hotspot: Hotspot
        public var callers: [Edge]
        public var callees: [Edge]
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
        self.init(profile, tree: CallTree(profile))
    }

    /// `tree` must be that of the profile.
    public init(_ profile: Profile, tree: CallTree) {
        self.profile = profile
        self.tree = tree
    }

    /// Indices of the functions with this name; more than one if several modules have it.
    public func functions(named name: String) -> [Int] {
        profile.functions.indices.filter { profile.functions[$0].name == name }
    }

    /// The functions that call `function`, largest first.
    public func callers(of function: Int) -> [Edge] {
        edges([function]).callers[function] ?? []
    }

    /// The functions that `function` calls, largest first.
    public func callees(of function: Int) -> [Edge] {
        edges([function]).callees[function] ?? []
    }

    /// Those functions of the profile whose name matches, largest total time first, with callers and callees.
    public func calls(ofFunctionsMatching pattern: NamePattern, limit: Int? = nil) -> [Calls] {
        let matching = HotspotAnalysis(profile, tree: tree).hotspots(by: .totalTime).filter {
            pattern.matches(profile.functions[$0.function].name)
        }
        return calls(of: Array(matching.prefix(limit ?? .max)))
    }

    /// Callers and callees of functions.
    public func calls(of hotspots: [Hotspot]) -> [Calls] {
        let edges = edges(Set(hotspots.map(\.function)))
        return hotspots.map {
            Calls(
                hotspot: $0, callers: edges.callers[$0.function] ?? [], callees: edges.callees[$0.function] ?? [])
        }
    }

    /// The paths with most self time.
    public func hotPaths(limit: Int) -> [Path] {
        let hottest = tree.nodes.indices.dropFirst().filter { tree.nodes[$0].selfNs > 0 }
            .sorted { (tree.nodes[$1].selfNs, $0) < (tree.nodes[$0].selfNs, $1) }
        return hottest.prefix(limit).map(path)
    }

    /// The callers of `function` from itself to the root, along the path that has most time in it; empty if there is none.
    public func hottestPath(to function: Int) -> [Int] {
        let nodes = tree.nodes.indices.dropFirst().filter { tree.nodes[$0].function == function }
        let hottest = nodes.max { (tree.nodes[$0].totalNs, $1) < (tree.nodes[$1].totalNs, $0) }
        return hottest.map { path(to: $0).functions.reversed() } ?? []
    }

    private func path(to index: Int) -> Path {
        var functions: [Int] = []
        var node = index
        while node != 0 {
            functions.append(tree.nodes[node].function)
            node = tree.nodes[node].parent
        }
        return Path(
            functions: functions.reversed(), selfNs: tree.nodes[index].selfNs, samples: tree.nodes[index].selfSamples)
    }

    // MARK: Edges

    private struct Call: Hashable {
        var caller: Int
        var callee: Int
    }

    /// All edges to and from `functions`, by the function, in one walk.
    private func edges(_ functions: Set<Int>) -> (callers: [Int: [Edge]], callees: [Int: [Edge]]) {
        var onPath: [Call: Int] = [:]
        var sums: [Call: Edge] = [:]
        func call(_ node: Int) -> Call? {
            let call = Call(caller: tree.nodes[tree.nodes[node].parent].function, callee: tree.nodes[node].function)
            return node != 0 && (functions.contains(call.caller) || functions.contains(call.callee)) ? call : nil
        }
        tree.walk(
            enter: { node in
                guard let call = call(node) else { return }
                onPath[call, default: 0] &+= 1
                guard onPath[call] == 1 else { return }
                sums[call, default: Edge(function: 0, totalNs: 0, samples: 0)].add(tree.nodes[node])
            },
            leave: { node in
                if let call = call(node) { onPath[call]? -= 1 }
            })
        var callers: [Int: [Edge]] = [:], callees: [Int: [Edge]] = [:]
        for (call, edge) in sums where edge.totalNs != 0 || edge.samples != 0 {
            callers[call.callee, default: []].append(edge.of(call.caller))
            callees[call.caller, default: []].append(edge.of(call.callee))
        }
        return (callers.mapValues(Self.sorted), callees.mapValues(Self.sorted))
    }

    private static func sorted(_ edges: [Edge]) -> [Edge] {
        edges.sorted { ($1.totalNs, $0.function) < ($0.totalNs, $1.function) }
    }
}

extension CallGraphAnalyzer.Edge {
    fileprivate mutating func add(_ node: CallTree.Node) {
        totalNs &+= node.totalNs
        samples &+= node.totalSamples
        variance += node.totalVariance
    }

    fileprivate func of(_ function: Int) -> Self {
        var edge = self
        edge.function = function
        return edge
    }
}
