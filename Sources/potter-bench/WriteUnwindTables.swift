// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import PotterSymbols

/// For the small collector of the tests (Tests/Programs/heap/collector.c): the tables of some modules in one file, as
/// they lie in the memory that targets map, and `FILE.index` with a line `offset path` for each.
struct WriteUnwindTables: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unwind-tables", abstract: "Writes the unwind tables of modules as targets see them.")

    @Argument(help: "The file to write.")
    var output: String

    @Argument(help: "Executables and libraries.")
    var modules: [String]

    /// Offset 0 means that a module has no table.
    private static let first = 4096

    func run() throws {
        var index = ""
        var tables = Data(count: Self.first)
        for module in modules {
            guard let table = try UnwindTableBuilder.table(path: module) else { continue }
            index += "\(tables.count) \(module)\n"
            tables += table
            tables += Data(count: -tables.count & 7)
        }
        try tables.write(to: URL(filePath: output))
        try Data(index.utf8).write(to: URL(filePath: output + ".index"))
    }
}
