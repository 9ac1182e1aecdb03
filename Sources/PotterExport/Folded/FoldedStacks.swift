// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Stacks as folded text, for flamegraph.pl, speedscope, inferno and others: a line for each stack, root first, frames
/// joined by `;`, a space, CPU time in whole nanoseconds. No comment lines. Weights that are not positive
/// (`[unattributed]` may be negative) cannot be written and are left out.
public struct FoldedStacks {
    private let profile: Profile
    private let tree: CallTree

    public init(_ profile: Profile, tree: CallTree) {
        self.profile = profile
        self.tree = tree
    }

    public func write(to output: OutputFile) {
        let names = profile.functions.map { Array(Self.escaped($0.name).utf8) }
        var line: [UInt8] = []
        var lengths: [Int] = []
        tree.walk(
            enter: { node in
                lengths.append(line.count)
                guard node != 0 else { return }
                if !line.isEmpty { line.append(UInt8(ascii: ";")) }
                line += names[tree.nodes[node].function]
                guard tree.nodes[node].selfNs > 0 else { return }
                output.write(line)
                output.write(" \(tree.nodes[node].selfNs)\n")
            },
            leave: { _ in line.removeSubrange(lengths.removeLast()...) })
    }

    /// `;` separates frames and a line break stacks: neither may stand in a name.
    static func escaped(_ name: String) -> String {
        String(name.map { $0 == ";" ? ":" : $0.isNewline ? " " : $0 })
    }
}
