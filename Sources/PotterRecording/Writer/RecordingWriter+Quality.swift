// SPDX-License-Identifier: Apache-2.0
import PotterProfile

extension RecordingWriter {
    /// What the stacks and clocks themselves say about the quality of the recording. What the collector counted stands.
    func addStackQuality(_ weights: [Weight]) {
        var counts = [QualityKey.engineSamples: Int64(0)]
        for weight in weights { count(weight, in: &counts) }
        // As a whole: samples that say too much of one short thread say too little of others.
        let rest = weights.reduce(Int64(0)) { $1.kind == .unattributed ? $0 &+ $1.weightNs : $0 }
        if rest < 0 { counts[QualityKey.overAttributedNs] = -rest }
        let counted = Set(state.quality.values.keys.map { $0.prefix { $0 != ":" } })
        for (key, value) in counts where !counted.contains(key.prefix { $0 != ":" }) {
            setQuality(key, .number(value))
        }
    }

    private func count(_ weight: Weight, in counts: inout [String: Int64]) {
        let samples = Int64(clamping: weight.samples)
        guard samples > 0 else { return }
        if weight.kind == .user || state.run.engine == .timer {
            counts[QualityKey.engineSamples, default: 0] &+= samples
        }
        // Kernel time hangs below the stack that the flags stand with.
        let leaf = Int(weight.stack)
        let stack = weight.kind == .kernel || weight.kind == .fault ? Int(state.trie.nodes[leaf].parent) : leaf
        let flags = StackFlags(rawValue: state.trie.nodes[stack].flags)
        if flags.contains(.incomplete), !flags.contains(.cut) {
            counts["\(QualityKey.unwindFailed):\(outermostModule(of: stack))", default: 0] &+= samples
        }
        if flags.contains(.fallback) { counts[QualityKey.unwindFallback, default: 0] &+= samples }
        if flags.contains(.cut) { counts[QualityKey.stacksCut, default: 0] &+= samples }
        if flags.contains(.raced) { counts[QualityKey.stacksRaced, default: 0] &+= samples }
    }

    /// The module where an unwind failed: that of the outermost real frame.
    private func outermostModule(of stack: Int) -> String {
        var module: Int64 = 0
        var node = stack
        while node != 0 {
            let location = state.trie.locations[Int(state.trie.nodes[node].location)]
            if location.module != PseudoFrame.module { module = location.module }
            node = Int(state.trie.nodes[node].parent)
        }
        let path = state.modules[Int(module)].path
        return path.isEmpty ? "unknown" : Function.fileName(of: path)
    }
}
