// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc

/// Random sampling periods, uniform within half of the mean. Fixed periods alias with periodic programs: a true 30 %
/// was read as 0 to 97 % (Docs/Sampling.md).
struct SamplingPeriod {
    /// Nanoseconds, or page faults.
    let mean: UInt64
    private var generator = SystemRandomNumberGenerator()

    init(mean: UInt64) { self.mean = max(mean, 8) }

    mutating func draw() -> UInt64 {
        let mean = Double(mean)
        return UInt64(Double.random(in: 0.5 * mean...1.5 * mean, using: &generator))
    }

    /// The first period of a thread. It is an eighth of the mean at least: a clock goes on firing with it until the
    /// redraw, and with microseconds would do nothing else.
    mutating func drawFirst(redrawEvery: UInt32) -> FirstPeriod {
        while true {
            let whole = draw()
            guard Double.random(in: 0..<1.5, using: &generator) * Double(mean) < Double(whole) else { continue }
            let rest = UInt64.random(in: 1...whole, using: &generator)
            return FirstPeriod(
                rest: max(rest, mean / 8), whole: whole,
                firesLeft: UInt32.random(in: 0..<max(redrawEvery, 1), using: &generator))
        }
    }
}

/// How a thread's clock begins: as one that has run for ever, so that the expected number of samples of a thread that
/// lives for a time t is t / mean from the start, however short t is. Of a sequence of periods, each in force for
/// `redrawEvery` fires, a moment falls into one in proportion to its length, and anywhere in it.
struct FirstPeriod {
    /// What is left of the period that the thread was born in.
    var rest: UInt64
    /// That period, which is then in force for `firesLeft` fires more.
    var whole: UInt64
    var firesLeft: UInt32
}

/// The perf clocks of one thread, of its CPU time and of its page faults; closing them ends them.
final class PerfClock {
    let descriptor: Int32
    private let traps: Bool
    private var faults: Int32 = -1
    /// The period of `faults` that is to follow its first.
    private var wholeFaultPeriod: UInt64?
    private var period: UInt64
    private var lastTotal: UInt64 = 0
    private var userFires: UInt64 = 0
    private var allFires: UInt64 = 0

    /// Opened disabled. nil: `error` is what perf_event_open said, as a negative errno. `traps`: its signal is SIGTRAP,
    /// raised by the kernel in the thread itself, not SIGPROF by way of the descriptor.
    init?(tid: Int32, periodNs: UInt64, traps: Bool, error: inout Int32) {
        let fd = potter_perf_clock(tid, periodNs, traps ? UInt64(PP_TRAP_CLOCK) : 0)
        guard fd >= 0 else {
            error = fd
            return nil
        }
        descriptor = fd
        self.traps = traps
        period = periodNs
    }

    func enable() -> Bool {
        enableFaults()
        return potter_perf_enable(descriptor) == 0
    }

    func disable() {
        if faults >= 0 { _ = potter_perf_disable(faults) }
        _ = potter_perf_disable(descriptor)
    }

    /// Puts a new period in force, which starts now, after `fires` signals under the old one. The restart loses the CPU
    /// time since the clock last fired; returned is the part of it (ns) that was user time, by the share of user hits
    /// among all fires of this clock so far: the loss is as often kernel time as the rest.
    func redraw(_ ns: UInt64, after fires: UInt32) -> UInt64 {
        let total = potter_perf_count(descriptor)
        _ = potter_perf_period(descriptor, ns)
        let elapsed = total > lastTotal ? total - lastTotal : 0
        defer { (lastTotal, period) = (total, ns) }
        userFires += UInt64(fires)
        allFires += max(elapsed / max(period, 1), UInt64(fires))
        let loss = elapsed % max(period, 1)
        // Just below a whole period is a fire that the count is not up to yet, not a loss.
        guard loss <= period - period / 20 else { return 0 }
        return UInt64(Double(loss) * Double(userFires) / Double(max(allFires, 1)))
    }

    /// CPU time of the thread, user and kernel, while the clock was enabled, ns.
    var count: UInt64 { potter_perf_count(descriptor) }

    deinit {
        close(descriptor)
        if faults >= 0 { close(faults) }
    }

    /// Opens the clock of page faults, disabled; its descriptor. None where descriptors run short: threads that come
    /// later need them for their CPU clocks.
    func followFaults(tid: Int32, first: FirstPeriod) -> Int32? {
        guard descriptor < Self.mostDescriptors / 2 else { return nil }
        faults = max(potter_perf_faults(tid, first.rest, traps ? UInt64(PP_TRAP_FAULTS) : 0), -1)
        wholeFaultPeriod = first.whole
        return faults >= 0 ? faults : nil
    }

    func enableFaults() {
        if faults >= 0 { _ = potter_perf_enable(faults) }
    }

    /// The first period is over. Returns whether the whole one is in force now and was not before.
    func beginWholeFaultPeriod() -> Bool {
        guard faults >= 0, let whole = wholeFaultPeriod else { return false }
        wholeFaultPeriod = nil
        return potter_perf_period(faults, whole) == 0
    }

    private static let mostDescriptors: Int32 = {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int32(clamping: limit.rlim_cur)
    }()

    /// Whether this kernel lets us sample our own children: nil, or why not.
    static func refusal(traps: Bool = false) -> String? {
        var error: Int32 = 0
        if PerfClock(tid: getpid(), periodNs: 10_000_000, traps: traps, error: &error) != nil { return nil }
        if traps, refusal() == nil { return "perf_event_open: \(errorText(error)), Linux 5.13 is needed" }
        let paranoid = ProcFiles.read("/proc/sys/kernel/perf_event_paranoid")?.prefix { $0 != "\n" } ?? "?"
        return "perf_event_open: \(errorText(error)), perf_event_paranoid is \(paranoid)"
    }
}
