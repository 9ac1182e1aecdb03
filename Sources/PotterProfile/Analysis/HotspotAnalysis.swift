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
    }

    /// Takes hotspots that were computed when the recording was finished.
    public init(hotspots: [Hotspot]) {
        self.hotspots = hotspots
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

    private static func addSelf(_ tree: CallTree, to hotspots: inout [Hotspot]) {
        for node in tree.nodes {
            hotspots[node.function].selfNs &+= node.selfNs
            hotspots[node.function].selfSamples &+= node.selfSamples
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
            },
            leave: { node in onPath[tree.nodes[node].function] -= 1 })
    }
}
