// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import PotterCapture

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Runs a command and records where its CPU time goes, until it ends.",
        discussion: """
            The command keeps its stdin, stdout, stderr, terminal and exit status. Messages of potter-prof go to stderr \
            and start with `potter-prof: `.
            """)

    @Option(name: [.customShort("F"), .customLong("freq")], help: "Samples per second of CPU time, 1 to 10,000.")
    var frequency = 99

    @Option(name: [.customShort("o"), .customLong("output")], help: "The recording; an older one is kept as FILE.old.")
    var output = "potter.potter"

    @Option(help: "auto, perf, timer or sigtrap: auto takes perf where the kernel allows it.")
    var engine = EngineChoice.auto

    @Option(help: "tables, or libunwind: copies every stack and unwinds it beside the command, at a higher cost.")
    var unwind = UnwinderChoice.tables

    // No defaultAsFlag: that takes a word which is no mode for none, and leaves it out.
    @Option(
        help: ArgumentHelp(
            "Record malloc and its family, too: exact, or sampled, which --heap alone stands for.", valueName: "mode"))
    var heap = HeapChoice.off

    @Option(name: [.customShort("D"), .customLong("delay")], help: "Milliseconds to wait before sampling.")
    var delay = 0

    @Option(
        name: [.customShort("d"), .customLong("duration")], help: "Seconds of sampling; the command goes on after it.")
    var duration: Double?

    @Option(
        name: .customLong("max-size"),
        help: "End the recording at this size, as 100M (K, M, G); the command goes on after it.")
    var maxSize: ByteSize?

    @Flag(name: .customLong("no-inherit"), help: "Do not record children of the command.")
    var noInherit = false

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Say nothing unless something fails.")
    var quiet = false

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say more: engine, modules, processes.")
    var verbose = false

    @Option(help: "Path of libPotterPreload.so, where it is not beside potter-prof.")
    var preloadLibrary: String?

    @OptionGroup(visibility: .private) var limits: SessionLimitOptions

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments, after `--`.")
    var command: [String] = []

    func validate() throws {
        guard (1...10_000).contains(frequency) else {
            throw ValidationError("-F \(frequency): give 1 to 10000 samples per second")
        }
        guard (0...1_000_000_000).contains(delay) else {
            throw ValidationError("-D \(delay): give milliseconds, 0 to 1000000000")
        }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("-d \(duration): give seconds, more than 0 and less than 1000000000")
        }
        if let maxSize, maxSize.bytes < RecordOptions.leastMaxBytes {
            throw ValidationError("--max-size: give 1M or more")
        }
        // What parses as no option of ours arrives here, before any `--`.
        if let first = command.first, first.hasPrefix("-"), first != "--" {
            if first == "-h" || first == "--help" { throw CleanExit.helpRequest(self) }
            throw ValidationError("unknown option \(first); options of a command come after `--`")
        }
        guard !output.isEmpty else { throw ValidationError("-o: give a file name") }
        guard command.contains(where: { $0 != "--" }) else {
            throw ValidationError("no command: potter-prof record [options] -- command [arguments]")
        }
    }

    /// What ArgumentParser gets to see: of the command its first word alone. It takes 13 s for 9,000 words [measured].
    static var parsedArguments: [String] {
        let all = CommandLine.arguments.dropFirst()
        guard all.first == configuration.commandName else { return Array(all) }
        guard let dashes = all.firstIndex(of: "--") else { return withModeOfHeap(Array(all)) }
        return withModeOfHeap(Array(all.prefix(through: min(dashes + 1, all.endIndex - 1))))
    }

    /// `--heap` takes no word that is not one of its modes: that is the command.
    private static func withModeOfHeap(_ words: [String]) -> [String] {
        words.indices.map { index in
            let next = index + 1 < words.count ? words[index + 1] : ""
            return words[index] == "--heap" && HeapChoice(rawValue: next) == nil ? "--heap=sampled" : words[index]
        }
    }

    /// The command as it was given, to the byte.
    private var words: [CommandWord] {
        let before = Self.parsedArguments.count - command.count + (command.first == "--" ? 1 : 0)
        return CommandWord.lastArguments(CommandLine.arguments.count - 1 - before)
    }

    func run() throws {
        var options = RecordOptions(command: words)
        options.output = output
        options.frequency = frequency
        options.engine = engine
        options.unwinder = unwind
        options.heap = heap
        options.delayMs = delay
        options.duration = duration
        options.maxBytes = maxSize?.bytes
        options.inherit = !noInherit
        options.quiet = quiet
        options.verbose = verbose
        options.preloadLibrary = preloadLibrary
        options.limits = limits.limits
        let status: Int32
        do {
            status = try RecordRun.record(options)
        } catch let error as CaptureError {
            say("\(error)")
            throw ExitCode(error.exitStatus)
        } catch {
            say("\(error)")
            throw ExitCode(1)
        }
        throw ExitCode(status)
    }
}

extension EngineChoice: ExpressibleByArgument {}
extension UnwinderChoice: ExpressibleByArgument {}
extension HeapChoice: ExpressibleByArgument {}
