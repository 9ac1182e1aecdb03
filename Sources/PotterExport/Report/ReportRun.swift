// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterCore
import PotterProfile
import PotterRecording

/// Reads a recording and writes what was asked for. The text goes to standard output unless a document goes there:
/// beside a flame graph it goes to standard error, beside what programs read (JSON, folded stacks) it is left out.
public struct ReportRun {
    private let options: ReportOptions
    private let nameLocations: ((RecordingWriter) throws -> Void)?
    private let renameLocations: ((RecordingWriter) throws -> Void)?

    /// `nameLocations` names the locations of a recording whose collector was killed, `renameLocations` gives those of
    /// any recording other names.
    public init(
        _ options: ReportOptions, nameLocations: ((RecordingWriter) throws -> Void)? = nil,
        renameLocations: ((RecordingWriter) throws -> Void)? = nil
    ) {
        self.options = options
        self.nameLocations = nameLocations
        self.renameLocations = renameLocations
    }

    /// Does it, tells on standard error what there is to tell, and returns the exit status.
    public func exitStatus() -> Int32 {
        let (messages, status): ([String], Int32)
        do { (messages, status) = (try run(), 0) } catch { (messages, status) = (["\(error)"], 1) }
        let output = OutputFile(standard: STDERR_FILENO)
        for message in messages { output.write("potter-prof: \(PlainText.escaped(message))\n") }
        try? output.close()
        return status
    }

    /// Returns what to tell the user beside the results, a line each.
    public func run() throws -> [String] {
        let toStandardOutput = options.onStandardOutput
        guard toStandardOutput.count < 2 else {
            throw ExportError(
                what: "cannot write", path: "standard output",
                why: "\(toStandardOutput.joined(separator: " and ")) would both go there",
                advice: "give one of them a file: \(toStandardOutput[1])=FILE")
        }
        let reader = try RecordingReader(
            path: options.input, nameLocations: nameLocations, renameLocations: renameLocations)
        let views = try ReportViews(reader, options, callsLimit: callsLimit)
        if toStandardOutput.isEmpty || options.flameGraph == .standardOutput {
            let output = OutputFile(standard: toStandardOutput.isEmpty ? STDOUT_FILENO : STDERR_FILENO)
            for line in ReportText(views: views, options: options).lines() { output.write(line + "\n") }
            try output.close()
        }
        return try writeDocuments(views)
    }

    private var callsLimit: Int? {
        options.limit.map { $0 == 0 ? nil : $0 } ?? ReportText.defaultFunctionsWithCalls
    }

    // MARK: Documents

    private func writeDocuments(_ views: ReportViews) throws -> [String] {
        var messages: [String] = []
        if let target = options.json {
            let json = JSONReport(
                views: views, order: options.order, limit: options.limit.flatMap { $0 == 0 ? nil : $0 },
                percentLimit: options.percentLimit.flatMap { $0 > 0 ? $0 : nil } ?? -.infinity,
                tree: options.tree ? views.stacks?.tree : nil)
            try target.write { json.write(to: $0) }
        }
        if let target = options.folded, let stacks = views.stacks {
            try target.write { FoldedStacks(stacks.profile, tree: stacks.tree).write(to: $0) }
        }
        if let target = options.flameGraph, let stacks = views.stacks {
            let graph = FlameGraph(stacks.profile, tree: stacks.tree)
            try target.write { graph.write(to: $0) }
            if case .file(let path) = target {
                messages.append("flame graph with \(HeaderText.plural(graph.frameCount, "frame")) written to \(path)")
            }
        }
        return messages
    }
}
