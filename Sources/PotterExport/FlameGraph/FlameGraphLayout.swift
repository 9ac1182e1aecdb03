// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Where each frame of a flame graph lies: pure numbers, in nanoseconds from the left edge and levels from the root.
///
/// Callees lie within their caller, side by side, in the order of their names, so that two graphs of one program look
/// alike. What is narrower than `leastNs` is not drawn but counted. Negative time has no width: it is left out, and
/// the total is that of what is left.
struct FlameGraphLayout {
    struct Frame {
        var function: Int
        var level: Int
        var startNs: Int64
        var widthNs: Int64
        var selfNs: Int64
        var samples: UInt64
    }

    private(set) var frames: [Frame] = []
    private(set) var levels = 0
    /// Width of the root.
    let totalNs: Int64
    /// Frames too narrow to draw, callees of such frames not counted, and the time below them.
    private(set) var hidden: (count: Int, weightNs: Int64) = (0, 0)

    init(_ profile: Profile, tree: CallTree, pixels: Int, leastPixels: Double) {
        let widths = Self.widths(tree)
        let links = tree.links()
        totalNs = widths[0]
        let leastNs = Int64((Double(totalNs) * leastPixels / Double(pixels)).rounded(.up))
        guard totalNs > 0 else { return }
        var waiting = [(node: 0, level: 0, startNs: Int64(0))]
        while let (node, level, startNs) = waiting.popLast() {
            guard widths[node] >= leastNs else {
                hidden.count += 1
                hidden.weightNs &+= widths[node]
                continue
            }
            frames.append(frame(tree.nodes[node], level, startNs, widths[node]))
            levels = max(levels, level + 1)
            let children = links.children(of: node).filter { widths[$0] > 0 }
            var childNs = startNs
            for child in Self.sortedByName(children, tree, profile) {
                waiting.append((child, level + 1, childNs))
                childNs &+= widths[child]
            }
        }
    }

    private func frame(_ node: CallTree.Node, _ level: Int, _ startNs: Int64, _ widthNs: Int64) -> Frame {
        Frame(
            function: node.function, level: level, startNs: startNs, widthNs: widthNs, selfNs: max(0, node.selfNs),
            samples: node.totalSamples)
    }

    /// Totals without what is negative.
    private static func widths(_ tree: CallTree) -> [Int64] {
        var widths = tree.nodes.map { max(0, $0.selfNs) }
        for index in tree.nodes.indices.dropFirst().reversed() {
            widths[tree.nodes[index].parent] &+= widths[index]
        }
        return widths
    }

    private static func sortedByName(_ nodes: [Int], _ tree: CallTree, _ profile: Profile) -> [Int] {
        nodes.sorted { first, second in
            let one = profile.functions[tree.nodes[first].function].name
            let other = profile.functions[tree.nodes[second].function].name
            return one == other ? first < second : one < other
        }
    }
}
