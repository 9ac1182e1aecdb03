// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterProfile

/// What part of a recording is meant; the same for every command that reads one.
struct SelectionOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Only these processes: numbers, or names of executables; wildcards as in a shell.", valueName: "pid,name"))
    var process: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Only these threads: numbers or names; wildcards as in a shell.", valueName: "tid,name"))
    var thread: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only this time, in seconds since the start, or 10%-20%.", valueName: "from,to"))
    var time: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only stacks with a function, module or file that matches.", valueName: "pattern"))
    var focus: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("No stacks with a function, module or file that matches.", valueName: "pattern"))
    var ignore: String?

    func validate() throws {
        _ = try selection()
    }

    func selection() throws -> Selection {
        var selection = Selection()
        selection.processes = try value(of: "--process") { try process.flatMap(TaskName.list) }
        selection.threads = try value(of: "--thread") { try thread.flatMap(TaskName.list) }
        selection.time = try value(of: "--time") { try time.map { try TimeRange($0) } }
        selection.focus = try value(of: "--focus") { try focus.map { try NamePattern($0) } }
        selection.ignore = try value(of: "--ignore") { try ignore.map { try NamePattern($0) } }
        return selection
    }
}

/// Names the option whose value makes no sense.
func value<Value>(of option: String, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as SelectionError {
        throw ValidationError("\(option): \(error)")
    }
}
