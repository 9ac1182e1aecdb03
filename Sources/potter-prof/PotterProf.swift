// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

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
        version: "0.1.0",
        subcommands: [RecordCommand.self, ReportCommand.self])
}
