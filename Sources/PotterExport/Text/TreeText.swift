// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The call tree, callers first. Only branches indent: a chain of single callees reads down the page. A blank line is
/// between two roots.
///
///       total   ±95%     time    self  function
///      90.00%  ±0.71   2.70 s   0.00%  main
///      69.50%  ±1.05   2.09 s   1.20%  ├─ parse
///      68.30%  ±1.06   2.05 s  68.30%  │  tokenize
///      20.50%  ±0.92   615 ms  20.50%  └─ print
///
///      10.00%  ±0.68   300 ms  10.00%  [unattributed]
struct TreeText {
    let profile: Profile
    let tree: CallTree
    /// nil: weights are exact, and have no interval.
    let statistics: ShareStatistics?
    var unit = WeightUnit.nanoseconds
    let percentLimit: Double
    /// Rows, of functions.
    let limit: Int

    func lines() -> [String] {
        let total = tree.nodes[0].totalNs
        guard total > 0 else { return [] }
        let links = tree.links()
        let heading = statistics != nil ? ShareText.heading : ""
        var lines = [line("total", heading, unit.heading, "self", "function")]
        var rows = 0
        var cut = 0
        var small = 0
        var waiting = [Entry(node: 0, indent: "", branch: "")]
        while let entry = waiting.popLast() {
            if entry.node != 0 && rows < limit {
                if rows > 0 && tree.nodes[entry.node].parent == 0 { lines.append("") }
                lines.append(line(entry, total))
                rows += 1
            } else if entry.node != 0 {
                cut += 1
            }
            let children = children(of: entry.node, total, links)
            small += children.small
            waiting += entries(children.large, below: entry).reversed()
        }
        return lines + more(cut: cut, small: small)
    }

    private struct Entry {
        var node: Int
        /// Before the lines of its callees.
        var indent: String
        /// Before its own line.
        var branch: String
    }

    /// Callees with enough time, largest first, and the number of others. [unattributed] time may be negative.
    private func children(of node: Int, _ total: Int64, _ links: CallTree.Links) -> (large: [Int], small: Int) {
        let least = percentLimit / 100 * Double(total)
        let children = links.children(of: node).filter { tree.nodes[$0].totalNs != 0 }
        let large = children.filter { abs(Double(tree.nodes[$0].totalNs)) >= least }
        let sorted = large.sorted { (tree.nodes[$1].totalNs, $0) < (tree.nodes[$0].totalNs, $1) }
        return (sorted, children.count - large.count)
    }

    private func entries(_ children: [Int], below entry: Entry) -> [Entry] {
        if children.count == 1 || entry.node == 0 {
            return children.map { Entry(node: $0, indent: entry.indent, branch: entry.indent) }
        }
        return children.map { child in
            let isLast = child == children.last
            return Entry(
                node: child, indent: entry.indent + (isLast ? "   " : "│  "),
                branch: entry.indent + (isLast ? "└─ " : "├─ "))
        }
    }

    private func line(_ entry: Entry, _ total: Int64) -> String {
        let node = tree.nodes[entry.node]
        let function = profile.functions[node.function]
        let percent = 100 * Double(node.totalNs) / Double(total)
        let interval = statistics?.interval(
            ns: node.totalNs, samples: node.totalSamples, variance: node.totalVariance)
        return line(
            Units.percent(percent), interval.map { ShareText.margin($0, around: percent) } ?? "",
            unit.text(node.totalNs),
            Units.percent(100 * Double(node.selfNs) / Double(total)),
            entry.branch + PlainText.escaped(ShortName.of(function.name)))
    }

    private func line(_ total: String, _ margin: String, _ time: String, _ own: String, _ text: String) -> String {
        func right(_ text: String) -> String { String(repeating: " ", count: max(0, 7 - text.count)) + text }
        let left = margin + String(repeating: " ", count: max(0, 5 - margin.count))
        let middle = statistics != nil ? "\(left)  " : ""
        return "  \(right(total))  \(middle)\(right(time))  \(right(own))  \(text)"
    }

    private func more(cut: Int, small: Int) -> [String] {
        var parts: [String] = []
        if cut > 0 { parts.append("\(HeaderText.plural(cut, "more line")): --limit 0 shows all") }
        if small > 0 {
            let branches = HeaderText.plural(small, "branch", "branches")
            parts.append("\(branches) below \(Units.percent(percentLimit, places: 1)): --percent-limit 0 shows all")
        }
        return parts.isEmpty ? [] : ["", "  … " + parts.joined(separator: "; ")]
    }
}
