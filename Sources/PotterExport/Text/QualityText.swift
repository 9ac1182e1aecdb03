// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The quality line: every result says how good it is, also when all is well.
struct QualityText {
    let summary: RunSummary

    func line() -> String {
        "quality: "
            + [lost, unwinds, engine, rate, others, cpu, cost, ending].filter { !$0.isEmpty }
            .joined(separator: "; ")
    }

    private var quality: Quality { summary.quality }

    private var engine: String {
        let reason = summary.run.engineReason
        return "engine \(summary.run.engine.rawValue)" + (reason.isEmpty ? "" : " (\(reason))")
    }

    private var rate: String {
        let totals = summary.totals
        let sampledNs = totals[.user] + (summary.run.engine == .timer ? totals[.kernel] : 0)
        guard sampledNs > 0 else { return "\(hertz(summary.run.rateHz)) asked" }
        let delivered = Double(sampled) / (Double(sampledNs) / 1e9)
        return "\(hertz(summary.run.rateHz)) asked, \(hertz(delivered)) delivered"
    }

    /// Samples of the engine itself: under perf, ticks only divide kernel time.
    private var sampled: UInt64 {
        UInt64(clamping: quality.number(QualityKey.engineSamples))
    }

    private func hertz(_ rate: Double) -> String {
        Units.decimal(rate, places: rate < 10 ? 1 : 0) + " Hz"
    }

    private var lost: String {
        let keys = quality.values.keys.filter { $0.hasPrefix(Quality.lostPrefix) && quality.number($0) > 0 }
        let details = keys.sorted().map { "\(Units.count(quality.number($0))) \(words($0.dropFirst(5)))" }
        let head = "\(Units.count(summary.totals.samples)) samples, \(Units.count(quality.lost)) lost"
        return head + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }

    private var unwinds: String {
        var parts = [
            unwind(QualityKey.unwindFailed) + " failed", unwind(QualityKey.unwindFallback) + " by frame pointers",
            "\(Units.count(quality.number(QualityKey.stacksCut))) truncated",
        ]
        let raced = quality.number(QualityKey.stacksRaced)
        if raced > 0 { parts.append("\(Units.count(raced)) raced with a load") }
        return "unwinds: " + parts.joined(separator: ", ")
    }

    /// The count and where most of them are: `12 (libfoo.so 10)`.
    private func unwind(_ key: String) -> String {
        let modules = quality.parts(of: key).prefix(3).map { part in
            "\(Function.fileName(of: part.name)) \(Units.count(part.count))"
        }
        return Units.count(quality.sum(key)) + (modules.isEmpty ? "" : " (\(modules.joined(separator: ", ")))")
    }

    /// Counters that no other part tells, by their keys: also those of a newer recorder.
    private var others: String {
        let keys = quality.values.keys.sorted().filter { key in
            !Self.told.contains(key) && !key.hasPrefix(Quality.lostPrefix) && !key.contains(":")
                && quality.number(key) != 0
        }
        var parts = keys.map { "\(words($0[...])) \(Units.count(quality.number($0)))" + names(of: $0) }
        let unsampled = summary.threads.filter { $0.unsampledReason != nil }
        if let first = unsampled.first {
            parts.append(
                "\(HeaderText.plural(unsampled.count, "thread")) unsampled (\(first.unsampledReason ?? ""))")
        }
        for note in Set(summary.processes.compactMap(\.note)).sorted() {
            let count = summary.processes.count { $0.note == note }
            parts.append("\(HeaderText.plural(count, "process")): \(note)")
        }
        return parts.joined(separator: ", ")
    }

    /// What a counter is about, where that was noted: ` (musl-hello 2)`.
    private func names(of key: String) -> String {
        let parts = quality.parts(of: key).prefix(3).map {
            "\(Function.fileName(of: $0.name)) \(Units.count($0.count))"
        }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }

    private static let told: Set<String> = [
        QualityKey.samples, QualityKey.recordsWritten, QualityKey.images, QualityKey.engineSamples,
        QualityKey.unwindFailed,
        QualityKey.unwindFallback, QualityKey.stacksCut, QualityKey.stacksRaced, QualityKey.costTargetNs,
        QualityKey.costCollectorNs, QualityKey.gapNs, QualityKey.overAttributedNs, QualityKey.recovered,
    ]

    private var cpu: String {
        let over = quality.number(QualityKey.overAttributedNs)
        return over > 0 ? "over-attributed \(Units.time(over))" : ""
    }

    private var cost: String {
        let target = quality.number(QualityKey.costTargetNs)
        let collector = quality.number(QualityKey.costCollectorNs)
        guard target > 0 || collector > 0 else { return "" }
        return "own cost: \(Units.time(target)) in handlers, \(Units.time(collector)) beside the target"
    }

    private var ending: String {
        let gap = quality.number(QualityKey.gapNs)
        var parts = gap > 0 ? ["not recording for \(Units.time(gap))"] : []
        if quality.number(QualityKey.recovered) > 0 {
            parts.append("the recorder was killed or still runs: complete up to its last commit")
        }
        return parts.joined(separator: "; ")
    }

    /// `threads.no_slot` as `threads no slot`.
    private func words(_ key: Substring) -> String {
        String(key.map { $0 == "." || $0 == "_" ? " " : $0 })
    }
}
