// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The call tree, callers first. Only branches indent: a chain of single callees reads down the page.
///
///     100.00%   0.00%  main
///      69.50%   1.20%  ├─ parse
///      68.30%  68.30%  │  tokenize
///      30.50%  30.50%  └─ print
struct TreeText {
    let profile: Profile
    let tree: CallTree
    let percentLimit: Double
    let limit: Int

    func lines() -> [String] {
        let total = tree.nodes[0].totalNs
        guard total > 0 else { return [] }
        let links = tree.links()
        var lines = [line("total", "self", "function")]
        var waiting = [Entry(node: 0, indent: "", branch: "")]
        while let entry = waiting.popLast() {
            guard lines.count <= limit else {
                lines.append("  … more; --limit and --percent-limit choose how much is shown")
                break
            }
            if entry.node != 0 { lines.append(line(entry, total)) }
            waiting += entries(below: entry, total, links).reversed()
        }
        return lines
    }

    private struct Entry {
        var node: Int
        /// Before the lines of its callees.
        var indent: String
        /// Before its own line.
        var branch: String
    }

    private func entries(below entry: Entry, _ total: Int64, _ links: CallTree.Links) -> [Entry] {
        let least = percentLimit / 100 * Double(total)
        let children = links.children(of: entry.node)
            .filter { tree.nodes[$0].totalNs > 0 && Double(tree.nodes[$0].totalNs) >= least }
            .sorted { (tree.nodes[$1].totalNs, $0) < (tree.nodes[$0].totalNs, $1) }
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
        func percent(_ ns: Int64) -> String { Units.percent(100 * Double(ns) / Double(total)) }
        return line(
            percent(node.totalNs), percent(node.selfNs), entry.branch + profile.functions[node.function].name)
    }

    private func line(_ total: String, _ own: String, _ text: String) -> String {
        func right(_ text: String) -> String { String(repeating: " ", count: max(0, 7 - text.count)) + text }
        return "  \(right(total))  \(right(own))  \(text)"
    }
}
