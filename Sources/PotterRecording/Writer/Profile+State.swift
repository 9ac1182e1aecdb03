// SPDX-License-Identifier: Apache-2.0
import PotterProfile

extension Profile {
    /// The stacks of a recording that is being finished. Its summary is empty: only analyses of stacks use it.
    init(_ state: RecordingState, weights: [Weight]) {
        let functions = state.functions.map { row in
            guard let row else { return Function(name: "all") }
            return Function(
                name: row.name, systemName: row.systemName, module: row.module,
                binary: state.modules[Int(row.binary)].path, file: row.file, line: row.line, language: row.language)
        }
        var frames = state.frames
        for (id, location) in state.trie.locations.enumerated()
        where Profile.isRecorder(modulePath: state.modules[Int(location.module)].path) {
            frames.remove(at: UInt32(id))
        }
        var stacks = StackTable()
        stacks.reserve(state.trie.nodes.count)
        for node in state.trie.nodes.dropFirst() {
            stacks.append(parent: node.parent, location: node.location)
        }
        let summary = RunSummary(run: state.run, processes: [], threads: [], quality: state.quality)
        self.init(summary: summary, functions: functions, frames: frames, stacks: stacks, weights: weights)
    }
}
