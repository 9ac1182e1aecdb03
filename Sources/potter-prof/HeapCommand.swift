// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture
import PotterExport
import PotterProfile

struct HeapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heap",
        abstract: "Shows what memory a recording's program allocated, and what of it was left.",
        discussion: """
            Of a recording that was made with `record --heap exact` or `--heap sampled`. A block is of the first function on \
            its stack that is neither the C library's, the Swift runtime's nor a standard library's.
            """)

    @Option(name: .shortAndLong, help: "The recording.")
    var input = "potter.potter"

    @Option(help: "live (at the end), peak (when most was live) or allocated (ever).")
    var by = HeapMetric.live

    @Flag(help: "Show the call tree instead of the functions.")
    var tree = false

    @Option(parsing: .unconditional, help: "Rows to show, 0 for all (default: 30, of a tree 100, of JSON all).")
    var limit: Int?

    @Option(parsing: .unconditional, help: "Leave out of a tree what has less than this share (default: 0.5).")
    var percentLimit: Double?

    @Option(
        defaultAsFlag: "-", parsing: .next, help: ArgumentHelp("JSON, to FILE or stdout.", valueName: "file"))
    var json: String?

    @Option(
        defaultAsFlag: "-", parsing: .next,
        help: ArgumentHelp("Folded stacks in bytes, to FILE or stdout.", valueName: "file"))
    var folded: String?

    @Option(
        name: .customLong("flamegraph"), defaultAsFlag: "potter.svg", parsing: .next,
        help: ArgumentHelp("A flame graph, to FILE or potter.svg.", valueName: "file"))
    var flameGraph: String?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit \(limit): give a number of rows, or 0 for all") }
        if let percentLimit, !(0...100).contains(percentLimit) {
            throw ValidationError("--percent-limit \(percentLimit): give a percentage from 0 to 100")
        }
    }

    func run() throws {
        var options = HeapOptions()
        options.input = input
        options.metric = by
        options.tree = tree
        options.limit = limit
        options.percentLimit = percentLimit
        options.json = json.map(ReportOptions.Target.init(argument:))
        options.folded = folded.map(ReportOptions.Target.init(argument:))
        options.flameGraph = flameGraph.map(ReportOptions.Target.init(argument:))
        let run = HeapRun(options, nameLocations: { try Interpreter(writer: $0).nameLocations() })
        throw ExitCode(run.exitStatus())
    }
}

extension HeapMetric: ExpressibleByArgument {}

extension ReportOptions.Target {
    /// `-` is standard output.
    init(argument: String) { self = argument == "-" ? .standardOutput : .file(argument) }
}
