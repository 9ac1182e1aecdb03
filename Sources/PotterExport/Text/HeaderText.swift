// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The lines above the hotspots: what ran, how long, on what CPU time, and how good the recording is.
struct HeaderText {
    let summary: RunSummary

    func lines() -> [String] {
        [command, "  " + time, "  " + cpu, "  " + QualityText(summary: summary).line()]
    }

    /// Arguments with blanks or quotes are quoted as a shell would need them.
    var command: String {
        summary.run.command.map(quoted).joined(separator: " ")
    }

    private var time: String {
        let run = summary.run
        var parts = ["duration \(Units.time(Int64(clamping: summary.durationNs)))"]
        parts.append("CPU \(Units.time(summary.totals.totalNs))")
        parts.append("\(Units.count(summary.totals.samples)) samples")
        let processes = summary.processes.count
        parts.append(
            Self.plural(summary.threads.count, "thread")
                + (processes > 1 ? " in \(Self.plural(processes, "process", "processes"))" : ""))
        if let status = run.exitStatus { parts.append("exit status \(status)") }
        return parts.joined(separator: ", ")
    }

    private var cpu: String {
        let totals = summary.totals
        let parts = WeightKind.allCases.filter { totals[$0] != 0 }.map { kind in
            "\(kind == .fault ? "page faults" : kind.name) \(Units.time(totals[kind]))"
        }
        return "CPU: " + (parts.isEmpty ? "none" : parts.joined(separator: ", "))
    }

    static func plural(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(Units.count(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    private func quoted(_ argument: String) -> String {
        let plain = argument.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_./:=,+@%".unicodeScalars.contains(scalar)
        }
        if plain && !argument.isEmpty { return argument }
        return "'" + argument.replacing("'", with: "'\\''").replacing("\n", with: "\\n") + "'"
    }
}
