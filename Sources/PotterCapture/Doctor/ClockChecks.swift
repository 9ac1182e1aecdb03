// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc
import PotterCore

/// The clocks that make samples: each is opened on this very thread as a recording opens it, and has to fire.
struct ClockChecks {
    private static let periodNs: UInt64 = 1_000_000
    /// On a busy machine a thread may run for long between two ticks, and not across one.
    private static let patienceNs: UInt64 = 500_000_000

    let perfError: Int32
    let perf: potter_probe
    let timerError: Int32
    let timer: potter_probe

    init() {
        var (perf, timer) = (potter_probe(), potter_probe())
        perfError = potter_probe_perf(Self.periodNs, 25, Self.patienceNs, &perf)
        timerError = potter_probe_timer(Self.periodNs, 5, Self.patienceNs, &timer)
        (self.perf, self.timer) = (perf, timer)
    }

    var perfWorks: Bool { perfError == 0 && perf.signals > 0 }
    var timerWorks: Bool { timerError == 0 && timer.signals > 0 }

    func all() -> [DoctorCheck] { [perfClock, paranoid, sampleRate, threadTimer].compactMap { $0 } }

    private var perfClock: DoctorCheck {
        guard perfError == 0 else {
            let (advice, command) = PerfAdvice(error: perfError).text
            return DoctorCheck(
                "perf.clock", "perf clocks", .warning,
                "perf_event_open: \(errorText(perfError)); engine timer takes its place, whose samples come with the "
                    + "kernel's tick", do: advice, run: command)
        }
        guard perf.signals > 0 else {
            return DoctorCheck(
                "perf.clock", "perf clocks", .warning,
                "a clock of this thread could be opened, but never fired in \(Units.time(Int64(perf.cpu_ns))) of CPU time",
                do: "record with --engine timer")
        }
        return DoctorCheck(
            "perf.clock", "perf clocks", .ok,
            "a clock of this thread fired \(perf.signals) times in \(Units.time(Int64(perf.cpu_ns))) of CPU time")
    }

    private var paranoid: DoctorCheck? {
        guard let level = ProcFiles.read("/proc/sys/kernel/perf_event_paranoid").flatMap({ Int($0.trimmed) }) else {
            return DoctorCheck(
                "perf.paranoid", "perf_event_paranoid", perfWorks ? .ok : .warning,
                "not there: this kernel has no perf events, or hides them")
        }
        let meaning =
            level <= 2
            ? "\(level): every user may have clocks of own processes' user code, which is all that record needs"
            : "\(level): only root, and who has CAP_PERFMON, may have any clock"
        let status: DoctorCheck.Status = level > 2 && !perfWorks ? .warning : .ok
        return DoctorCheck(
            "perf.paranoid", "perf_event_paranoid", status, meaning,
            do: status == .ok ? nil : "set it to 2", run: status == .ok ? nil : PerfAdvice.lower)
    }

    /// The kernel lowers this by itself where it finds that samples take long, and then stops clocks for the rest of a tick.
    private var sampleRate: DoctorCheck? {
        guard perfWorks,
            let rate = ProcFiles.read("/proc/sys/kernel/perf_event_max_sample_rate").flatMap({ Int($0.trimmed) })
        else { return nil }
        let isLow = rate < 1000
        return DoctorCheck(
            "perf.rate", "perf sample rate", isLow ? .warning : .ok,
            "clocks that fire more than \(Units.count(rate)) times a second are throttled by the kernel",
            do: isLow ? "raise it, or record with a lower -F" : nil,
            run: isLow ? "sudo sysctl -w kernel.perf_event_max_sample_rate=100000" : nil)
    }

    private var threadTimer: DoctorCheck {
        guard timerWorks else {
            let what =
                timerError == 0
                ? "a CPU timer could be made, but never ticked" : "timer_create: \(errorText(timerError))"
            return DoctorCheck(
                "timer.thread", "CPU timers", perfWorks ? .warning : .problem,
                perfWorks
                    ? "\(what); kernel time cannot be divided among functions"
                    : "\(what), and perf clocks do not work either: nothing can make samples",
                do: timerError == -EAGAIN ? "raise the limit of pending signals" : "allow timer_create, or perf clocks",
                run: timerError == -EAGAIN ? "ulimit -i unlimited" : nil)
        }
        return DoctorCheck(
            "timer.thread", "CPU timers", .ok,
            "a timer of this thread ticked \(timer.signals) times in \(Units.time(Int64(timer.cpu_ns))) of CPU time; the "
                + "kernel's tick is \(Units.time(Int64(Self.tickNs))), so engine timer takes at most "
                + "\(1_000_000_000 / Self.tickNs) samples a second")
    }

    /// The coarse clocks advance once a tick.
    private static var tickNs: UInt64 {
        var tick = timespec()
        guard clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 else { return SamplingSettings.leastTickNs }
        return max(1, UInt64(tick.tv_sec) * 1_000_000_000 + UInt64(tick.tv_nsec))
    }
}

extension StringProtocol {
    /// Without blanks and line ends around it.
    var trimmed: String {
        String(String(drop { $0.isWhitespace }.reversed()).drop { $0.isWhitespace }.reversed())
    }
}
