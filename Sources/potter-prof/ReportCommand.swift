// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture
import PotterExport
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

    @OptionGroup(title: "Selection") var selection: SelectionOptions
    @OptionGroup(title: "Views") var views: ViewOptions

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

    func run() throws {
        var options = ReportOptions()
        options.input = input
        options.selection = try selection.selection()
        try views.apply(to: &options)
        options.json = json.map(ReportOptions.Target.init(argument:))
        options.folded = folded.map(ReportOptions.Target.init(argument:))
        options.flameGraph = flameGraph.map(ReportOptions.Target.init(argument:))
        let symbols = symfs.map { root in
            { (writer: RecordingWriter) in try Interpreter(writer: writer, symbolRoot: root).renameLocations() }
        }
        let run = ReportRun(
            options, nameLocations: { try Interpreter(writer: $0).nameLocations() }, renameLocations: symbols)
        throw ExitCode(run.exitStatus())
    }
}
