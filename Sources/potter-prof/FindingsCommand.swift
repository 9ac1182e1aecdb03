// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture
import PotterExport

struct FindingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "findings",
        abstract: "Says what stands out in a recording, with evidence.",
        discussion: """
            Functions that use at least 5 % of the CPU time themselves. A finding's fingerprint stays the same from one \
            build of a program to the next.
            """)

    @Option(name: .shortAndLong, help: "The recording.")
    var input = "potter.potter"

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(
        defaultAsFlag: "-", parsing: .next, help: ArgumentHelp("JSON, to FILE or stdout.", valueName: "file"))
    var json: String?

    func run() throws {
        let run = FindingsRun(
            input: input, selection: try selection.selection(),
            json: json.map { $0 == "-" ? .standardOutput : .file($0) },
            nameLocations: { try Interpreter(writer: $0).nameLocations() })
        throw ExitCode(run.exitStatus())
    }
}
