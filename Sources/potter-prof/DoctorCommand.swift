// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import PotterCapture

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what recording can do here, and what to do about what it cannot.",
        discussion: """
            Opens the clocks, the socket and the memory that a recording needs, makes a short one, and looks at a \
            program if one is named: as a file (potter-prof doctor ./server), or as the command that it would be \
            (potter-prof doctor -- server --port 80), which is not started.

            Exit status, for scripts: 0 all is well, 1 recording works with limits, 2 the command line makes no sense, \
            3 recording does not work.
            """)

    @Flag(help: "The result as JSON on stdout: Docs/Json.md.")
    var json = false

    @Option(help: "Path of libPotterPreload.so, where it is not beside potter-prof.")
    var preloadLibrary: String?

    /// What the trial recording records.
    @Flag(help: .private) var trialWork = false

    @Argument(help: "A program, script or shared library.")
    var binary: String?

    @Argument(parsing: .postTerminator, help: "A command and its arguments, after `--`.")
    var command: [String] = []

    func validate() throws {
        if let binary, !command.isEmpty {
            throw ValidationError("\(binary) and a command after `--`: give one of them")
        }
        if let binary, binary.isEmpty { throw ValidationError("an empty file name") }
        if let first = command.first, first.isEmpty { throw ValidationError("an empty command") }
    }

    /// The words as they were given, to the byte.
    private var subject: DoctorRun.Subject? {
        if !command.isEmpty { return .command(CommandWord.lastArguments(command.count)) }
        guard let binary else { return nil }
        let all = CommandWord.lastArguments(Int(CommandLine.argc) - 1)
        return .binary(all.last { $0.text == binary } ?? CommandWord(binary))
    }

    func run() throws {
        if trialWork { return TrialRecording.work() }
        var doctor = DoctorRun()
        doctor.preloadLibrary = preloadLibrary
        doctor.subject = subject
        let diagnosis = doctor.diagnose()
        if json {
            print(DiagnosisJSON(diagnosis).text(), terminator: "")
        } else {
            print(DiagnosisText(diagnosis).lines().joined(separator: "\n"))
        }
        throw ExitCode(diagnosis.exitStatus)
    }
}
