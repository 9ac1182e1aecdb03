// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterExport
import PotterProfile

/// What a report shows, and how much of it.
struct ViewOptions: ParsableArguments {
    @Flag(help: "Show the call tree instead of the functions.")
    var tree = false

    @Flag(help: "Show the busiest threads, too.")
    var threads = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show who calls the functions whose name matches.", valueName: "pattern"))
    var callers: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show what the functions call whose name matches.", valueName: "pattern"))
    var callees: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show rows by some of comm,pid,tid,dso,symbol,srcline.", valueName: "keys"))
    var sort: String?

    @Flag(help: "Show and order by total time, callees included.")
    var children = false

    @Option(help: "Order of the functions: self or total (default: self; with --children total).")
    var order: HotspotAnalysis.Order?

    // Values that begin with `-` are refused by `validate`, in words that say what is wrong.
    @Option(
        parsing: .unconditional,
        help: "Rows to show, 0 for all (default: 30, of a tree 100, functions of --callers 10, of JSON all).")
    var limit: Int?

    @Option(
        parsing: .unconditional,
        help: "Leave out what has less than this share of the time (default: 0, in a tree and of callers 0.5).")
    var percentLimit: Double?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit \(limit): give a number of rows, or 0 for all") }
        if let percentLimit, !(0...100).contains(percentLimit) {
            throw ValidationError("--percent-limit \(percentLimit): give a percentage from 0 to 100")
        }
        var options = ReportOptions()
        try apply(to: &options)
    }

    func apply(to options: inout ReportOptions) throws {
        options.tree = tree
        options.threads = threads
        options.order = order ?? (children ? .totalTime : .selfTime)
        options.limit = limit
        options.percentLimit = percentLimit
        options.sort = try value(of: "--sort") { try sort.map(SortKey.list) ?? [] }
        options.calls = try calls()
    }

    /// One view of both if both are about the same functions.
    private func calls() throws -> [ReportOptions.Calls] {
        let callersOf = try value(of: "--callers") { try callers.map { try NamePattern($0) } }
        let calleesOf = try value(of: "--callees") { try callees.map { try NamePattern($0) } }
        if let callersOf, callers == callees {
            return [ReportOptions.Calls(pattern: callersOf, callers: true, callees: true)]
        }
        return [
            callersOf.map { ReportOptions.Calls(pattern: $0, callers: true, callees: false) },
            calleesOf.map { ReportOptions.Calls(pattern: $0, callers: false, callees: true) },
        ].compactMap(\.self)
    }
}

extension HotspotAnalysis.Order: ExpressibleByArgument {}
