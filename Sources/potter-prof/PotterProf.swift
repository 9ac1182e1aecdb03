// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct PotterProf: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "potter-prof", subcommands: [ReportCommand.self])
}
