// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// The mean period of a sampling rate and its random redraws. Fixed periods alias with periodic programs: a true 30 %
/// was read as 0 to 97 % (Docs/Sampling.md).
struct SamplingPeriod {
    let meanNs: UInt64
    private var generator = SystemRandomNumberGenerator()

    init(frequency: Int) {
        meanNs = 1_000_000_000 / UInt64(max(frequency, 1))
    }

    /// An exponentially distributed period with the given mean: samples are then a Poisson process, which nothing
    /// periodic can be in step with. At least
    /// a fiftieth of the mean, so that a late redraw does not drown the thread in signals.
    mutating func draw() -> UInt64 {
        let uniform = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator)
        let ns = -log(uniform) * Double(meanNs)
        return UInt64(min(max(ns, Double(meanNs) / 50, 10_000), Double(meanNs) * 20))
    }
}

/// The perf clock of one thread; closing it ends it.
final class PerfClock {
    let descriptor: Int32

    /// Opened disabled. Throws what perf_event_open said, as a negative errno.
    init?(tid: Int32, periodNs: UInt64, error: inout Int32) {
        let fd = potter_perf_clock(tid, periodNs)
        guard fd >= 0 else {
            error = fd
            return nil
        }
        descriptor = fd
    }

    func enable() -> Bool { potter_perf_enable(descriptor) == 0 }
    func disable() { _ = potter_perf_disable(descriptor) }
    func setPeriod(_ ns: UInt64) { _ = potter_perf_period(descriptor, ns) }

    deinit { close(descriptor) }

    /// Whether this kernel lets us sample our own children: nil, or why not.
    static func refusal() -> String? {
        var error: Int32 = 0
        if PerfClock(tid: getpid(), periodNs: 10_000_000, error: &error) != nil { return nil }
        let paranoid = ProcFiles.read("/proc/sys/kernel/perf_event_paranoid")?.prefix { $0 != "\n" } ?? "?"
        return "perf_event_open: \(errorText(error)), perf_event_paranoid is \(paranoid)"
    }
}
