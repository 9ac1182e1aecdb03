// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import PotterRecording

/// A program that was recorded: what it says of itself, and what the recording says of it.
struct RecordedRun {
    enum User: String, CaseIterable { case root, nobody }

    let path: String
    let output: String
    let profile: Profile
    /// By stack: the names of its functions from the leaf to the root, pseudo frames left out.
    let chains: [[String]]

    init(
        _ command: [String], engine: String = "perf", rate: Int = 997, as user: User = .root,
        input: String = "/dev/null",
        in directory: String = "/tmp", launcher: [String] = [], options: [String] = []
    ) throws {
        path = "\(Workbench.directory)/\(UUID().uuidString).potter"
        let record = [
            Workbench.potter, "record", "-q", "-F", "\(rate)", "--engine", engine, "-o", path,
        ]
        let prefix = user == .nobody ? Workbench.asNobody : []
        output = try Workbench.run(
            prefix + launcher + record + options + ["--"] + command, in: directory, input: input)
        profile = try RecordingReader(path: path).profile()
        chains = Self.chains(of: profile)
    }

    private static func chains(of profile: Profile) -> [[String]] {
        (0..<profile.stacks.count).map { stack in
            profile.stacks.path(of: UInt32(stack)).flatMap { location in
                profile.frames.range(at: location).map {
                    profile.functions[Int(profile.frames.entries[$0].function)].name
                }
            }
        }
    }

    var run: RunInfo { profile.summary.run }
    var totals: KindTotals { profile.summary.totals }
    var quality: Quality { profile.summary.quality }

    /// A figure that the program printed of itself: a line `name value`.
    func truth(_ name: String) throws -> Double {
        for line in output.split(separator: "\n") where line.hasPrefix(name + " ") {
            if let value = Double(line.dropFirst(name.count + 1)) { return value }
        }
        throw Workbench.Failure(description: "the program did not say `\(name)`: \(output)")
    }

    /// Weight in ns and samples of the stacks that `isMeant` picks by their functions' names, leaf first.
    func sum(
        _ kinds: Set<WeightKind> = [.user, .kernel, .fault], where isMeant: ([String]) -> Bool
    ) -> (weightNs: Double, samples: Int) {
        let meant = chains.map(isMeant)
        return profile.weights.reduce(into: (0, 0)) { sum, weight in
            guard kinds.contains(weight.kind), meant[Int(weight.stack)] else { return }
            sum.0 += Double(weight.weightNs)
            sum.1 += Int(weight.samples)
        }
    }

    func sum(_ kinds: Set<WeightKind> = [.user, .kernel, .fault], through function: String) -> (
        weightNs: Double, samples: Int
    ) {
        sum(kinds) { $0.contains { baseName($0) == function } }
    }

    /// By stack: base names of its functions from the leaf to the root as the stack has frames: without inlined ones, and
    /// with a function that calls its own specialization once.
    var physicalChains: [[String]] {
        (0..<profile.stacks.count).map { stack in
            var chain: [String] = []
            for location in profile.stacks.path(of: UInt32(stack)) {
                for entry in profile.frames.range(at: location).map({ profile.frames.entries[$0] }) where !entry.inlined
                {
                    let name = baseName(profile.functions[Int(entry.function)].name)
                    if chain.last != name { chain.append(name) }
                }
            }
            return chain
        }
    }

    /// Samples of the engine by which user time was sampled.
    var userSamples: Int { profile.weights.reduce(0) { $0 + ($1.kind == .user ? Int($1.samples) : 0) } }
}

extension RecordedRun {
    /// All threads but the processes' first ones.
    var workers: [RunSummary.Thread] {
        let first = Set(profile.summary.processes.map(\.pid))
        return profile.summary.threads.filter { !first.contains($0.tid) }
    }
}

extension RunSummary.Thread {
    func userShare(of threads: [RunSummary.Thread]) -> Double {
        Double(totals[.user]) / threads.reduce(0) { $0 + Double($1.totals[.user]) }
    }
}

/// A function's name without namespaces, types and parameters, in whichever language.
func baseName(_ name: String) -> String {
    if name.hasPrefix("[") { return name }
    // Rust's `<Type as Trait>::method`.
    let path =
        name.hasPrefix("<")
        ? name[(name.range(of: ">::", options: .backwards)?.upperBound ?? name.startIndex)...] : name[...]
    let words = path.prefix { $0 != "(" && $0 != "<" }.split { $0 == ":" || $0 == "." || $0 == " " }
    return String(words.last ?? path)
}

/// Measured figures, for the test log: they are the point of these tests.
func report(_ name: String, _ figures: String) {
    print("accuracy: \(name): \(figures)")
}

extension Double {
    var short: String { String(format: "%.4f", self) }
    var percent: String { String(format: "%.2f %%", self * 100) }
}

/// A share that was read against the true one.
struct ShareCheck: CustomStringConvertible {
    var read: Double
    var truth: Double
    var samples: Int

    /// Deviation in standard deviations of a binomial count.
    var sigma: Double { (read - truth) / (truth * (1 - truth) / Double(samples)).squareRoot() }
    var description: String {
        "\(samples) samples, share \(read.short), true \(truth.short), \(String(format: "%+.2f", sigma)) sigma"
    }
}
