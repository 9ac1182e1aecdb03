// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture
import PotterExport
import PotterProfile

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Shows where the CPU time of a recording went.",
        discussion: """
            The text report goes to stdout, unless --json or --folded write there. The recording is not changed, but \
            for one whose recorder was killed: that gets its names.
            """)

    @Option(name: .shortAndLong, help: "The recording.")
    var input = "potter.potter"

    @Option(help: "Order of the functions: self or total.")
    var order = HotspotAnalysis.Order.selfTime

    @Option(help: "Rows to show, 0 for all (default: 30, of a tree 100, of JSON all).")
    var limit: Int?

    @Option(help: "Leave out what has less than this share of the time (default: 0, in a tree 0.5).")
    var percentLimit: Double?

    @Flag(help: "Show the call tree instead of the functions.")
    var tree = false

    @Flag(help: "Show the threads, too.")
    var threads = false

    @Option(defaultAsFlag: "-", help: "JSON, to FILE or stdout.")
    var json: String?

    @Option(defaultAsFlag: "-", help: "Folded stacks in nanoseconds, to FILE or stdout.")
    var folded: String?

    @Option(
        name: .customLong("flamegraph"), defaultAsFlag: "potter.svg", help: "A flame graph, to FILE or potter.svg.")
    var flameGraph: String?

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
        options.flameGraph = flameGraph
        throw ExitCode(ReportRun(options, nameLocations: { try Interpreter(writer: $0).nameLocations() }).exitStatus())
    }

    private func target(_ name: String) -> ReportOptions.Target {
        name == "-" ? .standardOutput : .file(name)
    }
}

extension HotspotAnalysis.Order: ExpressibleByArgument {}
