// SPDX-License-Identifier: Apache-2.0
import PotterProfile

extension RecordingWriter {
    /// What the stacks and the clocks themselves say about the quality of the recording, in samples.
    func addStackQuality(_ weights: [Weight]) {
        var counts: [String: Int64] = [:]
        for weight in weights {
            if weight.kind == .unattributed && weight.weightNs < 0 {
                counts[QualityKey.overAttributedNs, default: 0] -= weight.weightNs
            }
            count(weight, in: &counts)
        }
        for (key, value) in counts { setQuality(key, .number(value)) }
    }

    private func count(_ weight: Weight, in counts: inout [String: Int64]) {
        // Kernel time hangs below the stack that the flags stand with.
        let nodes = state.trie.nodes
        let stack = weight.kind == .kernel ? nodes[Int(weight.stack)].parent : weight.stack
        let flags = StackFlags(rawValue: nodes[Int(stack)].flags)
        let samples = Int64(weight.samples)
        if flags.contains(.incomplete) {
            counts[QualityKey.incomplete, default: 0] += samples
            counts["\(QualityKey.incomplete)/\(outermostModule(of: stack))", default: 0] += samples
        }
        if flags.contains(.cut) { counts[QualityKey.cut, default: 0] += samples }
        if flags.contains(.fallback) { counts[QualityKey.fallback, default: 0] += samples }
        if flags.contains(.raced) { counts[QualityKey.raced, default: 0] += samples }
    }

    /// The module where an unwind failed: that of the outermost real frame.
    private func outermostModule(of stack: UInt32) -> String {
        var module: Int64 = 0
        var node = Int(stack)
        while node != 0 {
            let location = state.trie.locations[Int(state.trie.nodes[node].location)]
            if location.module != PseudoFrame.module { module = location.module }
            node = Int(state.trie.nodes[node].parent)
        }
        let path = state.modules[Int(module)].path
        return path.isEmpty ? "unknown" : Function.fileName(of: path)
    }
}
