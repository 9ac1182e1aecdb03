// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// What is wrong with a recording, in plain words, each with what to do where something can be done. None: it is good.
struct QualityProblems {
    /// Up to this share of stacks may be incomplete: they change no picture.
    private static let leastIncomplete = 0.01

    /// From this share on a report does not say where the time went.
    private static let leastUnattributed = 0.1
    private static let leastUnattributedNs: Int64 = 10_000_000
    private static let leastUnrecorded = 0.05
    private static let leastUnrecordedNs: Int64 = 20_000_000
    /// Of each program image: what the kernel uses for its end comes after the last look at its clock.
    private static let endOfImageNs: Int64 = 1_000_000
    /// From this share on most of a program ran before or after its own code.
    private static let leastAround = 0.2
    private static let leastAroundNs: Int64 = 200_000_000

    let summary: RunSummary

    func lines() -> [String] {
        nothing + lost + threads + tables + programs + unrecorded + stacks + unattributed + around + ending
    }

    private var quality: Quality { summary.quality }

    private var nothing: [String] {
        guard quality.values[QualityKey.images] != nil, quality.number(QualityKey.images) == 0 else { return [] }
        return ["nothing was recorded: the command never loaded the recorder (potter-prof record -v says more)"]
    }

    /// Samples that were taken and are not here.
    private var lost: [String] {
        let keys = quality.values.keys.filter { $0.hasPrefix(Quality.lostPrefix) && quality.number($0) > 0 }
        return keys.sorted().map { key in
            let count = HeaderText.plural(Int(quality.number(key)), "sample")
            let why = Self.lossAdvice[key].map { ": " + $0 } ?? ""
            return "\(count) lost (\(QualityText.words(key.dropFirst(Quality.lostPrefix.count))))\(why)"
        }
    }

    private static let lossAdvice = [
        QualityKey.lostRingFull: "the machine was too busy to take them in time; record with a lower -F",
        QualityKey.lostStackTableFull: "too many different stacks; record with a lower -F, or for a shorter time (-d)",
        QualityKey.lostCopiesFull: "more stacks were copied than libunwind keeps up with; record with a lower -F",
        QualityKey.lostNested: "they came while another was being taken; record with a lower -F",
        QualityKey.lostSizeLimit: "there was no room below --max-size",
        QualityKey.lostBadRecord: "the program wrote over the recorder's memory",
    ]

    /// Threads that are known and have no sample, by the reason.
    private var threads: [String] {
        let unsampled = Dictionary(grouping: summary.threads.filter { $0.unsampledReason != nil }) {
            $0.unsampledReason ?? ""
        }
        return unsampled.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { reason, threads in
            let time = Units.time(threads.reduce(0) { $0 &+ $1.cpu })
            let were = threads.count == 1 ? "was" : "were"
            let advice = reason.hasPrefix("perf clock") ? "; --engine timer needs no perf clock" : ""
            return "\(HeaderText.plural(threads.count, "thread")) with \(time) of CPU time \(were) not sampled "
                + "(\(reason))\(advice)"
        }
    }

    /// What found no room.
    private var tables: [String] {
        [
            counted(QualityKey.threadsNoSlot, "thread was", "threads were") {
                "\($0) not sampled: the table of threads was full"
            },
            counted(QualityKey.threadsTimerFailed, "thread") {
                "\($0) without a CPU timer: raise the limit of pending signals (ulimit -i)"
            },
            counted(QualityKey.processesNoSlot, "child process was", "child processes were") {
                "\($0) not sampled: the table of processes was full"
            },
            counted(QualityKey.modulesNoSlot, "library", "libraries") {
                "\($0) found the table of modules full: functions in there have no names"
            },
        ].compactMap(\.self)
    }

    private var programs: [String] {
        let names = quality.parts(of: QualityKey.imagesForeign).prefix(3).map { part in
            Function.fileName(of: part.name) + (part.count > 1 ? " (\(Units.count(part.count)) times)" : "")
        }
        return [
            counted(QualityKey.processesSignalTaken, "process", "processes") {
                let were = quality.number(QualityKey.processesSignalTaken) == 1 ? "was" : "were"
                let signal = summary.run.engine == .sigtrap ? "SIGTRAP" : "SIGPROF"
                return "\($0) handled \(signal), ignored it or waited for it, and \(were) not sampled from then on"
            },
            counted(QualityKey.processesSeccompFilter, "process installed a", "processes installed a") {
                let were = quality.number(QualityKey.processesSeccompFilter) == 1 ? "was" : "were"
                return "\($0) seccomp filter and \(were) not sampled from then on"
            },
            counted(QualityKey.processesAddressLimit, "process limited its", "processes limited their") {
                let were = quality.number(QualityKey.processesAddressLimit) == 1 ? "was" : "were"
                return "\($0) own address space and \(were) not sampled from then on"
            },
            counted(QualityKey.processesTraced, "process was", "processes were") {
                "\($0) traced by a debugger and not sampled from then on"
            },
            counted(QualityKey.imagesForeign, "program") {
                "\($0) could not load the recorder (static, other loader, setuid, traced, or little address space)"
                    + (names.isEmpty ? "" : ": \(names.joined(separator: ", "))")
            },
        ].compactMap(\.self)
    }

    /// What ran beside the recording.
    private var unrecorded: [String] {
        var lines: [String] = []
        let missing = quality.number(QualityKey.unrecordedNs)
        let known = max(summary.totals.totalNs, 0)
        let ends = Int64(summary.processes.count) * Self.endOfImageNs
        let isMuch = Double(missing) > Self.leastUnrecorded * Double(missing + known)
        if missing > Self.leastUnrecordedNs, missing > ends, isMuch {
            lines.append(
                "\(Units.time(missing)) of CPU time was used by programs that the recorder is not in: static ones, or "
                    + "limits (ulimit -v, -n) that keep it out")
        }
        if let left = counted(QualityKey.processesLeft, "process was", "processes were", { $0 }) {
            lines.append("\(left) still running when the command ended, and with it the recording")
        }
        return lines
    }

    /// Callers that are missing.
    private var stacks: [String] {
        let samples = Double(max(Int64(clamping: summary.totals.samples), 1))
        let failed = Double(quality.sum(QualityKey.unwindFailed)) / samples
        let cut = Double(quality.number(QualityKey.stacksCut)) / samples
        guard failed + cut >= Self.leastIncomplete else { return [] }
        var lines: [String] = []
        if failed >= Self.leastIncomplete / 2 {
            let modules = QualityText.modules(of: QualityKey.unwindFailed, in: quality)
            lines.append(
                "the callers of \(Units.percent(100 * min(failed, 1), places: 1)) of the samples are not known"
                    + "\(modules): build with -fno-omit-frame-pointer or with unwind tables")
        }
        if cut >= Self.leastIncomplete / 2 {
            lines.append(
                "\(Units.percent(100 * min(cut, 1), places: 1)) of the stacks are deeper than is kept: "
                    + "frames in their middle are missing")
        }
        return lines
    }

    private var unattributed: [String] {
        let totals = summary.totals
        let rest = Double(totals[.unattributed]) / Double(max(totals.totalNs, 1))
        if -totals[.unattributed] >= Self.leastUnattributedNs, -rest >= Self.leastUnattributed {
            return [
                "the samples stand for \(Units.percent(-100 * rest, places: 1)) more CPU time than the clocks counted "
                    + "([unattributed] is negative): shares are right, times are too long"
            ]
        }
        guard totals[.unattributed] >= Self.leastUnattributedNs, rest >= Self.leastUnattributed else { return [] }
        // Without any sample a higher rate is not what is missing.
        let isKnown = totals.samples == 0 || summary.threads.contains { $0.unsampledReason != nil }
        return [
            "\(Units.percent(100 * rest, places: 1)) of the CPU time is [unattributed]: no sample explains it"
                + (isKnown ? "" : "; for short programs or threads raise -F")
        ]
    }

    /// What ran before and after the programs' own code, unsampled.
    private var around: [String] {
        let totals = summary.totals
        let kinds: [WeightKind] = [.startup, .arming, .exit]
        let ns = kinds.reduce(Int64(0)) { $0 &+ totals[$1] }
        guard ns >= Self.leastAroundNs, Double(ns) >= Self.leastAround * Double(totals.totalNs) else { return [] }
        let parts = kinds.filter { totals[$0] > 0 }.map { "[\($0.name)] \(Units.time(totals[$0]))" }
        let share = Units.percent(100 * Double(ns) / Double(max(totals.totalNs, 1)), places: 1)
        return [
            "\(share) of the CPU time was used where programs start and end (\(parts.joined(separator: ", "))): it is not "
                + "sampled, and recording a start costs CPU time itself (Docs/Cost.md)"
        ]
    }

    private var ending: [String] {
        let gap = quality.number(QualityKey.gapNs)
        var lines = gap > 0 ? ["nothing was recorded for \(Units.time(gap)): potter-prof itself was stopped"] : []
        let size = quality.number(QualityKey.endedMaxSize)
        if size > 0 {
            lines.append(
                "the recording ended at its --max-size (\(Units.count(size)) bytes): what came after is not in it")
        }
        if let locations = counted(QualityKey.namesNoRoom, "address", "addresses", { $0 }) {
            lines.append("\(locations) bear the name of their module alone: --max-size left no room for more")
        }
        if quality.number(QualityKey.recovered) > 0 {
            lines.append("the recorder was killed, ran out of disk or still runs: complete up to its last commit")
        }
        return lines
    }

    private func counted(
        _ key: String, _ one: String, _ many: String? = nil, _ text: (String) -> String
    ) -> String? {
        let count = quality.number(key)
        return count > 0 ? text(HeaderText.plural(Int(count), one, many)) : nil
    }
}
