// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The lines above the hotspots: what ran, how long, on what CPU time, and how good the recording is.
struct HeaderText {
    /// Of a command line; some programs are given 100 KB of arguments.
    private static let longestCommand = 200

    /// Of the whole run.
    let summary: RunSummary

    func lines() -> [String] {
        [command] + ([time, cpu] + advice + QualityText(summary: summary).lines()).map { "  " + $0 }
    }

    /// Arguments with blanks or quotes are quoted as a shell would need them. One line, cut if it is very long.
    var command: String {
        PlainText.cut(
            PlainText.escaped(summary.run.command.map(quoted).joined(separator: " ")), to: Self.longestCommand)
    }

    private var time: String {
        let run = summary.run
        var parts = ["duration \(Units.time(Int64(clamping: summary.durationNs)))"]
        parts.append("CPU \(Units.time(summary.totals.totalNs))")
        parts.append(Self.plural(Int(clamping: summary.totals.samples), "sample"))
        let processes = summary.processCount
        // A thread that executes another program is a row for each.
        parts.append(
            Self.plural(Set(summary.threads.map(\.tid)).count, "thread")
                + (processes > 1 ? " in \(Self.plural(processes, "process", "processes"))" : ""))
        if let status = run.exitStatus { parts.append(Self.ending(status)) }
        return parts.joined(separator: ", ")
    }

    private var cpu: String {
        let totals = summary.totals
        let parts = WeightKind.allCases.filter { totals[$0] != 0 }.map { kind in
            "\(Self.title(of: kind)) \(Units.time(totals[kind]))"
        }
        return "CPU: " + (parts.isEmpty ? "none" : parts.joined(separator: ", "))
    }

    static func title(of kind: WeightKind) -> String {
        switch kind {
        case .fault: "page faults"
        case .otherKernel: "other kernel"
        default: kind.name
        }
    }

    /// What to do about a recording that shows nothing.
    private var advice: [String] {
        let cpuNs = summary.totals.totalNs
        // Less than that many periods may well pass between samples; more than that has a cause of its own.
        let fewPeriodsNs = 20e9 / max(summary.run.rateHz, 1)
        let hasCause =
            summary.quality.number(QualityKey.unrecordedNs) > 20_000_000
            || summary.threads.contains { $0.unsampledReason != nil }
        guard summary.totals.samples == 0, Double(cpuNs) < max(fewPeriodsNs, 100e6), !hasCause else { return [] }
        return [
            "no samples: the program used little CPU time (\(Units.time(cpuNs))); raise -F or run it longer. "
                + "What only waits has nothing to sample."
        ]
    }

    static func plural(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(Units.count(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    /// How the command ended. 128 + n is what a shell shows for signal n.
    static func ending(_ status: Int32) -> String {
        let signal = Int(status) - 128
        guard signals.indices.contains(signal), signal > 0 else { return "exit status \(status)" }
        return "killed by SIG\(signals[signal]) (\(status))"
    }

    /// Of Linux on x86-64, by number.
    private static let signals = [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ]

    private func quoted(_ argument: String) -> String {
        let plain = argument.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_./:=,+@%".unicodeScalars.contains(scalar)
        }
        if plain && !argument.isEmpty { return argument }
        return "'" + argument.replacing("'", with: "'\\''").replacing("\n", with: "\\n") + "'"
    }
}
