// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// How good a recording is: every result says it, also when all is well. First the verdict, then the figures.
///
///     quality: good; 7,288 samples, 0 lost; engine perf (the kernel allows it); 499 Hz asked, 448 Hz delivered
///
///     quality: 1 problem
///       - 1 process handled SIGPROF, ignored it or waited for it, and was not sampled from then on
///       7,288 samples, 0 lost; …
struct QualityText {
    let summary: RunSummary

    func lines() -> [String] {
        let problems = QualityProblems(summary: summary).lines()
        guard !problems.isEmpty else { return ["quality: good; \(figures)"].map(PlainText.escaped) }
        let verdict = "quality: \(HeaderText.plural(problems.count, "problem"))"
        return ([verdict] + problems.map { "  - " + $0 } + ["  " + figures]).map(PlainText.escaped)
    }

    /// All of it in one line, for programs that only hand it on.
    func line() -> String {
        let problems = QualityProblems(summary: summary).lines()
        guard !problems.isEmpty else { return "quality: good; \(figures)" }
        return "quality: \(HeaderText.plural(problems.count, "problem")): "
            + (problems + [figures]).joined(separator: "; ")
    }

    private var quality: Quality { summary.quality }

    private var figures: String {
        [samples, unwinds, engine, rate, others, cpu, cost].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private var samples: String {
        let samples = HeaderText.plural(Int(clamping: summary.totals.samples), "sample")
        return "\(samples), \(Units.count(quality.lost)) lost"
    }

    private var engine: String {
        let reason = summary.run.engineReason
        return "engine \(summary.run.engine.rawValue)" + (reason.isEmpty ? "" : " (\(reason))")
    }

    // MARK: Rate

    private var rate: String {
        let totals = summary.totals
        let asked = summary.run.rateHz
        let sampledNs = totals[.user] + (summary.run.engine == .timer ? totals[.kernel] : 0)
        guard sampledNs > 0 else { return "\(hertz(asked)) asked" }
        let delivered = Double(sampled) / (Double(sampledNs) / 1e9)
        let text = "\(hertz(asked)) asked, \(hertz(delivered)) delivered"
        return isHeldByTick(asked: asked, delivered: delivered)
            ? text + " (the timer engine is no faster than the kernel's tick)" : text
    }

    /// CPU timers expire at a tick of the kernel, of which there are 100 to 1,000 a second.
    private func isHeldByTick(asked: Double, delivered: Double) -> Bool {
        summary.run.engine == .timer && asked > 100 && sampled >= 20 && delivered < 0.75 * asked
    }

    /// Samples of the engine itself: under perf, ticks only divide kernel time.
    private var sampled: UInt64 {
        UInt64(clamping: quality.number(QualityKey.engineSamples))
    }

    private func hertz(_ rate: Double) -> String {
        Units.decimal(rate, places: rate < 10 ? 1 : 0) + " Hz"
    }

    // MARK: Counters

    private var unwinds: String {
        let counters = [
            (QualityKey.unwindFailed, "failed"), (QualityKey.unwindFallback, "by frame pointers"),
            (QualityKey.stacksCut, "truncated"), (QualityKey.stacksRaced, "raced with a load"),
        ]
        let parts = counters.filter { quality.sum($0.0) > 0 }.map { key, words in
            "\(Units.count(quality.sum(key))) \(words)\(Self.modules(of: key, in: quality))"
        }
        let byLibunwind = quality.text(QualityKey.unwinder) == "libunwind"
        guard !parts.isEmpty || copied > 0 || byLibunwind else { return "" }
        return "unwinds" + (byLibunwind ? " by libunwind" : "") + ": "
            + (copies + parts + (parts.isEmpty && copies.isEmpty ? ["none"] : [])).joined(separator: ", ")
    }

    private var copied: Int64 { quality.number(QualityKey.stacksCopied) }

    /// Stacks that libunwind unwound from a copy.
    private var copies: [String] {
        let longer = quality.number(QualityKey.stacksLonger), missed = quality.number(QualityKey.stacksNotCopied)
        let stacks = HeaderText.plural(Int(clamping: longer), "stack")
        return [
            copied > 0 ? "\(Units.count(copied)) from copies" : nil,
            longer > 0 ? "\(stacks) longer than the copied 32 KiB" : nil,
            missed > 0 ? "\(Units.count(missed)) found no room for a copy" : nil,
        ].compactMap(\.self)
    }

    /// Where most of a counter's events are: ` (libfoo.so 10)`.
    static func modules(of key: String, in quality: Quality) -> String {
        let modules = quality.parts(of: key).filter { !$0.name.isEmpty }.prefix(3).map { part in
            "\(Function.fileName(of: part.name)) \(Units.count(part.count))"
        }
        return modules.isEmpty ? "" : " (\(modules.joined(separator: ", ")))"
    }

    /// Counters that nothing else tells, by their keys: also those of a newer recorder.
    private var others: String {
        let keys = quality.values.keys.sorted().filter { key in
            !Self.told.contains(key) && !key.hasPrefix(Quality.lostPrefix) && !key.contains(":")
                && quality.number(key) != 0 && !isDetail(key)
        }
        return keys.map { "\(Self.words($0[...])) \(Units.count(quality.number($0)))" }.joined(separator: ", ")
    }

    /// A few signals to threads that start or end say nothing.
    private func isDetail(_ key: String) -> Bool {
        key == QualityKey.signalsUnknownThread
            && quality.number(key) < max(20, Int64(clamping: summary.totals.samples) / 100)
    }

    private static let told: Set<String> = [
        QualityKey.samples, QualityKey.recordsWritten, QualityKey.images, QualityKey.engineSamples,
        QualityKey.unwindFailed, QualityKey.unwindFallback, QualityKey.stacksCut, QualityKey.stacksRaced,
        QualityKey.costTargetNs, QualityKey.costCollectorNs, QualityKey.gapNs, QualityKey.overAttributedNs,
        QualityKey.recovered, QualityKey.threadsNoSlot, QualityKey.threadsTimerFailed, QualityKey.processesNoSlot,
        QualityKey.processesSignalTaken, QualityKey.processesSeccompFilter, QualityKey.modulesNoSlot,
        QualityKey.unwinder, QualityKey.stacksCopied, QualityKey.stacksLonger, QualityKey.stacksNotCopied,
        QualityKey.imagesForeign, QualityKey.processesLeft, QualityKey.unrecordedNs,
    ]

    private var cpu: String {
        let over = quality.number(QualityKey.overAttributedNs)
        return over > 0 ? "over-attributed \(Units.time(over))" : ""
    }

    private var cost: String {
        let target = quality.number(QualityKey.costTargetNs)
        let collector = quality.number(QualityKey.costCollectorNs)
        guard target > 0 || collector > 0 else { return "" }
        return "own cost: \(Units.time(target)) of wall time in handlers, \(Units.time(collector)) beside the target"
    }

    /// `threads.no_slot` as `threads no slot`.
    static func words(_ key: Substring) -> String {
        String(key.map { $0 == "." || $0 == "_" ? " " : $0 })
    }
}
