// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import PotterCapture

@main
struct PotterProf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "potter-prof",
        abstract: "Finds out why a native Linux server is slow, and proves it.",
        discussion: """
            No root, no rebuild, no source change:
              potter-prof record -- ./server
              potter-prof report --flamegraph
            """,
        version: potterVersion,
        subcommands: [
            RecordCommand.self, ReportCommand.self, HeapCommand.self, FindingsCommand.self, DoctorCommand.self,
        ])

    private static let usageStatus: Int32 = 2

    /// What ArgumentParser does, but for a command line that it cannot make sense of: one line in our words, status 2.
    nonisolated static func main() {
        withLargeStack(runPotterProf)
    }

    nonisolated fileprivate static func runMain() {
        do {
            var command = try parseAsRoot(RecordCommand.parsedArguments)
            try command.run()
        } catch  where exitCode(for: error) == .validationFailure {
            say(complaint(about: error))
            Glibc.exit(usageStatus)
        } catch {
            exit(withError: error)
        }
    }

    private static func complaint(about error: any Error) -> String {
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let first = CommandLine.arguments.dropFirst().first, !first.hasPrefix("-") else {
            return "\(firstLine(of: error)); see potter-prof --help"
        }
        guard names.contains(first) else {
            return "there is no subcommand \(first), only \(names.joined(separator: ", ")); "
                + "to record a program: potter-prof record -- \(first)"
        }
        return "\(firstLine(of: error)); see potter-prof \(first) --help"
    }

    private static func firstLine(of error: any Error) -> String {
        message(for: error).split(separator: "\n").first.map(String.init) ?? "bad command line"
    }
}

/// A function, not a closure of `main`, which would belong to the main actor, and end the program on another thread.
private func runPotterProf() { PotterProf.runMain() }
