// SPDX-License-Identifier: Apache-2.0
// The rows of Scripts/bench accuracy as tests: a program that knows its functions' shares, by an engine, as a user.
//
// They must hold on a busy machine, and are tried once: a share may be off by 4 standard deviations of its number of
// samples (one honest check in 16,000 lies outside), by what the row allows for, and by what the recording says it did not
// see. The totals are of clocks.
import Foundation
import PotterProfile
import Testing

struct EngineRow: CustomTestStringConvertible, Sendable {
    /// Who samples. `refused`: the kernel refuses perf, as in most containers, and the engine is left to Potter.
    enum Setting: String, CaseIterable {
        case perfAsRoot, perfAsNobody, timerAsRoot, refusedAsRoot, refusedAsNobody

        var user: RecordedRun.User { self == .perfAsNobody || self == .refusedAsNobody ? .nobody : .root }
        var isRefused: Bool { self == .refusedAsRoot || self == .refusedAsNobody }
        var engine: Engine { self == .perfAsRoot || self == .perfAsNobody ? .perf : .timer }
        var option: String { isRefused ? "auto" : engine.rawValue }
    }

    let id: String
    let source: String
    /// CPU seconds, short and long.
    let seconds: (short: Double, long: Double)
    /// Each of them is checked; none: each thread's share.
    let functions: [String]
    var setting: Setting
    var rate = 997
    var arguments: @Sendable (Double) -> [String] = { ["\($0)"] }
    /// Points that the shares may be off beside what chance does: what system calls' ticks are good for.
    var points = 0.0
    /// Whether the functions' time is the kernel's, which ticks divide.
    var inKernel = false

    var testDescription: String { "\(id) \(setting.rawValue)" }

    func record() throws -> RecordedRun {
        let program = try Workbench.compile(source, as: "row-" + source.replacing("/", with: "-"))
        let launcher = setting.isRefused ? [try Workbench.compile("no-perf.c", as: "no-perf")] : []
        return try RecordedRun(
            [program] + arguments(Workbench.isLong ? seconds.long : seconds.short), engine: setting.option, rate: rate,
            as: setting.user, launcher: launcher)
    }

    /// What one sample stands for, ns: engine perf's a period, ticks what the kernel's tick allows.
    func unit(of run: RunInfo) -> Double {
        var tick = timespec()
        clock_getres(CLOCK_MONOTONIC_COARSE, &tick)
        let byTicks = setting.engine == .timer || inKernel
        return byTicks ? Double(max(run.tickNs, UInt64(tick.tv_nsec))) : Double(run.periodNs)
    }

    /// Shares read and true, by function or thread.
    func shares(of run: RecordedRun) throws -> [(name: String, read: Double, truth: Double, all: Double)] {
        if functions.isEmpty {
            let workers = run.workers
            let weights = workers.map { Double($0.totals[.user] + $0.totals[.kernel] + $0.totals[.fault]) }
            let all = weights.reduce(0, +)
            return zip(workers, weights).map { ("thread \($0.tid)", $1 / all, 1 / Double(workers.count), all) }
        }
        let weights = functions.map { run.sum(through: $0).weightNs }
        let all = weights.reduce(0, +)
        return try zip(functions, weights).map { ($0, $1 / all, try run.truth($0), all) }
    }

    func check() throws {
        let run = try record()
        #expect(run.run.engine == setting.engine)
        #expect(!setting.isRefused || run.run.engineReason.contains("perf is refused"), "\(run.run.engineReason)")
        let totals = run.totals, unseen = max(0, totals[.arming]) + max(0, totals[.unattributed])
        // What the recording itself says that no sample explains may be all of one function's.
        let allowed = points / 100 + Double(unseen) / Double(totals.totalNs)
        var figures: [String] = []
        for share in try shares(of: run) {
            let check = ShareCheck(read: share.read, truth: share.truth, samples: Int(share.all / unit(of: run.run)))
            figures.append("\(share.name) \(check.read.short) of \(check.truth.short) (\(check.sigma.short) sigma)")
            let sigma = (check.truth * (1 - check.truth) / Double(check.samples)).squareRoot()
            #expect(abs(check.read - check.truth) <= 4 * sigma + allowed, "\(share.name): \(check), allowed \(allowed)")
        }
        let sum = run.profile.weights.reduce(0) { $0 + Double($1.weightNs) } * 1e-9, cpu = try run.truth("cpu")
        report(
            testDescription,
            "\(figures.joined(separator: ", ")); \(totals.samples) samples, \(allowed.percent) allowed, \((sum / cpu).short) of the CPU time"
        )
        #expect(abs(sum - cpu) <= 0.01 * cpu + 0.02, "weights of \(sum) s, CPU time \(cpu) s")
    }
}
