// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture
import PotterExport
import PotterProfile
import PotterRecording

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Shows where the CPU time of a recording went.",
        discussion: """
            The text report goes to stdout, unless --json or --folded write there; with --flamegraph=- it goes to \
            stderr. The recording is not changed, but for one whose recorder was killed: that gets its names.
            """)

    @Option(name: .shortAndLong, help: "The recording.")
    var input = "potter.potter"

    @Option(help: "Order of the functions: self or total.")
    var order = HotspotAnalysis.Order.selfTime

    // Values that begin with `-` are refused by `validate`, in words that say what is wrong.
    @Option(parsing: .unconditional, help: "Rows to show, 0 for all (default: 30, of a tree 100, of JSON all).")
    var limit: Int?

    @Option(
        parsing: .unconditional,
        help: "Leave out what has less than this share of the time (default: 0, in a tree 0.5).")
    var percentLimit: Double?

    @Flag(help: "Show the call tree instead of the functions.")
    var tree = false

    @Flag(help: "Show the busiest threads, too.")
    var threads = false

    // The default strategy takes none of `--json=FILE` if another option follows: `.next` takes it, and the next word.
    @Option(
        defaultAsFlag: "-", parsing: .next, help: ArgumentHelp("JSON, to FILE or stdout.", valueName: "file"))
    var json: String?

    @Option(
        defaultAsFlag: "-", parsing: .next,
        help: ArgumentHelp("Folded stacks in nanoseconds, to FILE or stdout.", valueName: "file"))
    var folded: String?

    @Option(
        name: .customLong("flamegraph"), defaultAsFlag: "potter.svg", parsing: .next,
        help: ArgumentHelp("A flame graph, to FILE or potter.svg.", valueName: "file"))
    var flameGraph: String?

    @Option(
        help: ArgumentHelp(
            "Take symbols from the files below DIR, as if it were /, where their build-ids match.", valueName: "dir"))
    var symfs: String?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit \(limit): give a number of rows, or 0 for all") }
        if let percentLimit, !(0...100).contains(percentLimit) {
            throw ValidationError("--percent-limit \(percentLimit): give a percentage from 0 to 100")
        }
    }

    func run() throws {
        var options = ReportOptions()
        options.input = input
        options.order = order
        options.limit = limit
        options.percentLimit = percentLimit
        options.tree = tree
        options.threads = threads
        options.json = json.map(target)
        options.folded = folded.map(target)
        options.flameGraph = flameGraph.map(target)
        let symbols = symfs.map { root in
            { (writer: RecordingWriter) in try Interpreter(writer: writer, symbolRoot: root).renameLocations() }
        }
        let run = ReportRun(
            options, nameLocations: { try Interpreter(writer: $0).nameLocations() }, renameLocations: symbols)
        throw ExitCode(run.exitStatus())
    }

    private func target(_ name: String) -> ReportOptions.Target {
        name == "-" ? .standardOutput : .file(name)
    }
}

extension HotspotAnalysis.Order: ExpressibleByArgument {}
