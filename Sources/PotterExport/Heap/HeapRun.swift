// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterCore
import PotterProfile
import PotterRecording

/// Reads the heap of a recording and writes what was asked for; where the text goes is as for `ReportRun`.
public struct HeapRun {
    private let options: HeapOptions
    private let nameLocations: ((RecordingWriter) throws -> Void)?

    public init(_ options: HeapOptions, nameLocations: ((RecordingWriter) throws -> Void)? = nil) {
        self.options = options
        self.nameLocations = nameLocations
    }

    /// Does it, tells on standard error what went wrong, and returns the exit status.
    public func exitStatus() -> Int32 {
        let (messages, status): ([String], Int32)
        do { (messages, status) = (try run(), 0) } catch { (messages, status) = (["\(error)"], 1) }
        let output = OutputFile(standard: STDERR_FILENO)
        for message in messages { output.write("potter-prof: \(PlainText.escaped(message))\n") }
        try? output.close()
        return status
    }

    private func run() throws -> [String] {
        let toStandardOutput = options.onStandardOutput
        guard toStandardOutput.count < 2 else {
            throw ExportError(
                what: "cannot write", path: "standard output",
                why: "\(toStandardOutput.joined(separator: " and ")) would both go there",
                advice: "give one of them a file: \(toStandardOutput[1])=FILE")
        }
        guard let heap = try RecordingReader(path: options.input, nameLocations: nameLocations).heap() else {
            throw ExportError(
                what: "cannot show the heap of", path: options.input, why: "it was not recorded",
                advice: "potter-prof record --heap exact -- command")
        }
        if toStandardOutput.isEmpty || options.flameGraph == .standardOutput {
            let output = OutputFile(standard: toStandardOutput.isEmpty ? STDOUT_FILENO : STDERR_FILENO)
            for line in HeapText(heap: heap, options: options).lines() { output.write(line + "\n") }
            try output.close()
        }
        return try writeDocuments(heap)
    }

    private func writeDocuments(_ heap: HeapProfile) throws -> [String] {
        if let target = options.json {
            let json = JSONHeap(heap: heap, metric: options.metric, limit: options.limit.flatMap { $0 == 0 ? nil : $0 })
            try target.write { json.write(to: $0) }
        }
        guard options.folded != nil || options.flameGraph != nil else { return [] }
        let weighted = heap.weighted(by: options.metric)
        let tree = CallTree(weighted)
        if let target = options.folded { try target.write { FoldedStacks(weighted, tree: tree).write(to: $0) } }
        guard let target = options.flameGraph else { return [] }
        let sum = Units.bytes(tree.nodes[0].totalNs)
        let graph = FlameGraph(weighted, tree: tree, unit: .bytes, subtitle: "\(options.metric) bytes: \(sum)")
        try target.write { graph.write(to: $0) }
        guard case .file(let path) = target else { return [] }
        return ["flame graph with \(HeaderText.plural(graph.frameCount, "frame")) written to \(path)"]
    }
}
