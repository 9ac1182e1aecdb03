// SPDX-License-Identifier: Apache-2.0

/// Which functions the CPU time goes to.
///
///     let analysis = HotspotAnalysis(profile)
///     for hotspot in analysis.hotspots(by: .selfTime).prefix(10) {
///         print(profile.functions[hotspot.function].name, hotspot.selfNs)
///     }
public struct HotspotAnalysis: Sendable {
    public enum Order: String, Sendable, CaseIterable {
        case selfTime = "self"
        case totalTime = "total"
    }

    /// One for each function that a stack contains, in no order.
    public let hotspots: [Hotspot]
    /// What they were computed from, if it is at hand.
    private let tree: CallTree?

    /// Analyses a whole profile.
    public init(_ profile: Profile) {
        self.init(profile, tree: CallTree(profile))
    }

    /// Analyses the part of a profile that `tree` was made of.
    public init(_ profile: Profile, tree: CallTree) {
        var hotspots = profile.functions.indices.map { Hotspot(function: $0) }
        Self.addSelf(tree, to: &hotspots)
        Self.addTotal(tree, to: &hotspots)
        HotLines(profile).choose(for: &hotspots, functions: profile.functions)
        self.hotspots = hotspots.dropFirst().filter { $0.totalSamples != 0 || $0.totalNs != 0 }
        self.tree = tree
    }

    /// Takes hotspots that were computed when the recording was finished.
    public init(hotspots: [Hotspot]) {
        self.hotspots = hotspots
        tree = nil
    }

    /// Sorted, largest first; equal ones by the other time, then in a stable order.
    public func hotspots(by order: Order) -> [Hotspot] {
        switch order {
        case .selfTime:
            hotspots.sorted { ($1.selfNs, $1.totalNs, $0.function) < ($0.selfNs, $0.totalNs, $1.function) }
        case .totalTime:
            hotspots.sorted { ($1.totalNs, $1.selfNs, $0.function) < ($0.totalNs, $0.selfNs, $1.function) }
        }
    }

    /// The hotspots with `isTotalTie`, for a recording: it has no stacks at hand when it is reported.
    public var hotspotsWithTies: [Hotspot] {
        let sorted = hotspots(by: .totalTime)
        return zip(sorted, ties(in: sorted, by: .totalTime)).map { hotspot, isTie in
            var hotspot = hotspot
            hotspot.isTotalTie = isTie
            return hotspot
        }
    }

    /// For each of the first hotspots in order, whether samples cannot tell it from the one before, at 95 % confidence.
    func ties(in sorted: [Hotspot], by order: Order) -> [Bool] {
        if order == .totalTime && tree == nil { return sorted.map(\.isTotalTie) }
        let variances = order == .selfTime ? Self.selfVariances(sorted) : totalVariances(sorted)
        return sorted.indices.map { index in
            guard index > 0 else { return false }
            let (one, other) = (sorted[index - 1], sorted[index])
            return order == .selfTime
                ? ShareStatistics.isTie(one.selfNs, other.selfNs, variance: variances[index])
                : ShareStatistics.isTie(one.totalNs, other.totalNs, variance: variances[index])
        }
    }

    /// Self times have no sample in common.
    private static func selfVariances(_ sorted: [Hotspot]) -> [Double] {
        sorted.indices.map { $0 == 0 ? 0 : sorted[$0 - 1].selfVariance + sorted[$0].selfVariance }
    }

    private func totalVariances(_ sorted: [Hotspot]) -> [Double] {
        guard let tree else { return Array(repeating: 0, count: sorted.count) }
        let listed = sorted.map(\.function)
        let functions = tree.nodes.reduce(0) { max($0, $1.function) } + 1
        var ties = Ties(listed: listed, of: functions)
        var onPath = Array(repeating: 0, count: functions)
        var path: [Int] = []
        tree.walk(
            enter: { node in
                let function = tree.nodes[node].function
                onPath[function] &+= 1
                if onPath[function] == 1 { path.append(function) }
                ties.add(variance: tree.nodes[node].selfVariance, rows: path, listed: listed) { onPath[$0] > 0 }
            },
            leave: { node in
                let function = tree.nodes[node].function
                onPath[function] &-= 1
                if onPath[function] == 0 { path.removeLast() }
            })
        return ties.variances
    }

    private static func addSelf(_ tree: CallTree, to hotspots: inout [Hotspot]) {
        for node in tree.nodes {
            hotspots[node.function].selfNs &+= node.selfNs
            hotspots[node.function].selfSamples &+= node.selfSamples
            hotspots[node.function].selfVariance += node.selfVariance
        }
    }

    /// A node counts for its function's total unless the same function is among its callers. That is found with one
    /// walk in depth-first order, which counts how often each function is on the way to the root.
    private static func addTotal(_ tree: CallTree, to hotspots: inout [Hotspot]) {
        var onPath = Array(repeating: 0, count: hotspots.count)
        tree.walk(
            enter: { node in
                let function = tree.nodes[node].function
                onPath[function] &+= 1
                guard onPath[function] == 1 else { return }
                hotspots[function].totalNs &+= tree.nodes[node].totalNs
                hotspots[function].totalSamples &+= tree.nodes[node].totalSamples
                hotspots[function].totalVariance += tree.nodes[node].totalVariance
            },
            leave: { node in onPath[tree.nodes[node].function] -= 1 })
    }
}
