// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Makes what benchmarks measure; Scripts/bench-report and bench-heap run it. Not installed.
@main
struct PotterBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "potter-bench", abstract: "Makes what benchmarks measure.",
        subcommands: [GenerateRecording.self, WriteUnwindTables.self], defaultSubcommand: GenerateRecording.self)
}

struct GenerateRecording: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recording", abstract: "Writes a generated recording through the production writer.")

    @Argument(help: "The recording to write.")
    var output: String

    @Option var samples = 1_000_000
    @Option var stacks = 100_000
    @Option var functions = 20_000
    @Option var threads = 64
    @Option var medianDepth = 40

    func run() throws {
        var generator = RecordingGenerator()
        generator.samples = samples
        generator.stacks = stacks
        generator.functions = functions
        generator.threads = threads
        generator.medianDepth = medianDepth
        let (addNs, allNs) = try generator.write(to: output)
        print("add_sample_ns \(addNs)")
        print("all_ns_per_sample \(allNs)")
    }
}
