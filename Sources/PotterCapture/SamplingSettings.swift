// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import Glibc

/// The engine in use and its periods.
final class SamplingSettings {
    enum Engine: String {
        case perf, timer, sigtrap

        /// Whether the collector holds perf clocks of the threads.
        var hasClocks: Bool { self != .timer }
        /// What the clocks and timers of a target raise.
        var signal: Int32 { self == .sigtrap ? SIGTRAP : SIGPROF }
        var signalName: String { self == .sigtrap ? "SIGTRAP" : "SIGPROF" }
    }

    /// Shorter than the kernel's tick a CPU timer only overruns; ticks that divide kernel time need not be faster.
    static let leastTickNs: UInt64 = 4_000_000

    /// How long a new thread waits to be armed, at most. It takes 25 us (median), but for a collector that waits for a
    /// CPU itself: a few slices of other programs, of 1.4 ms and more. With 2 ms, threads of 5 ms on a busy machine ran
    /// 6 to 12 % of their time unseen, with 10 ms 2 % [measured].
    static let startWaitUs: UInt32 = 10_000

    let engine: Engine
    /// Why this one, in the words of the quality line.
    let reason: String
    let unwinder: UnwinderChoice
    let heap: HeapChoice
    let heapInterval: UInt64
    let frequency: Int
    let meanPeriodNs: UInt64
    let timerIntervalNs: UInt64
    /// CPU time of a page fault on this machine, ns.
    let faultNs: UInt64
    private var period: SamplingPeriod
    private var faultPeriod: SamplingPeriod

    /// Picks the engine; throws if one that needs perf was asked for and is refused.
    init(_ options: RecordOptions) throws {
        frequency = options.frequency
        unwinder = options.unwinder
        (heap, heapInterval) = (options.heap, options.heapInterval)
        period = SamplingPeriod(mean: 1_000_000_000 / UInt64(max(frequency, 1)))
        meanPeriodNs = period.mean
        faultNs = options.engine == .timer ? 0 : PageFaultCost.measured()
        // As much time as the other samples stand for.
        faultPeriod = SamplingPeriod(mean: meanPeriodNs / max(faultNs, 1))
        let refusal = options.engine == .timer ? nil : PerfClock.refusal(traps: options.engine == .sigtrap)
        switch (options.engine, refusal) {
        case (.timer, _):
            (engine, reason) = (.timer, "asked for")
        case (.perf, nil):
            (engine, reason) = (.perf, "asked for")
        case (.sigtrap, nil):
            (engine, reason) = (.sigtrap, "asked for; for comparison only")
        case (.auto, nil):
            (engine, reason) = (.perf, "the kernel allows it")
        case (.auto, let why?):
            (engine, reason) = (.timer, "perf is refused: \(why)")
        case (.sigtrap, let why?):
            throw CaptureError("engine sigtrap is refused (\(why)); use --engine auto")
        case (.perf, let why?):
            throw CaptureError(
                "engine perf is refused (\(why)); use --engine timer, or lower kernel.perf_event_paranoid to 2")
        }
        timerIntervalNs = engine == .timer ? meanPeriodNs : max(meanPeriodNs, Self.leastTickNs)
    }

    func drawFirstFaultPeriod() -> FirstPeriod { faultPeriod.drawFirst(redrawEvery: 1) }
    func drawPeriod() -> UInt64 { period.draw() }
    func drawFirstPeriod() -> FirstPeriod { period.drawFirst(redrawEvery: redrawEvery) }

    /// A redraw interrupts the target, which costs it more than a sample: at most 10 a second.
    var redrawEvery: UInt32 { UInt32(max(1, frequency / 10)) }

    func sessionHeader(follow: Bool, limits: SessionLimits) -> SessionHeader {
        SessionHeader(
            engine: engine.hasClocks ? PP_ENGINE_PERF.value : PP_ENGINE_TIMER.value, signal: UInt32(engine.signal),
            startWaitUs: engine.hasClocks ? Self.startWaitUs : 0, timerIntervalNs: timerIntervalNs,
            copiesAll: unwinder == .libunwind, follow: follow, heap: heap, heapInterval: heapInterval, limits: limits)
    }
}

/// What the collector writes into a new session before a target sees it.
struct SessionHeader: Sendable {
    let engine: UInt32
    let signal: UInt32
    let startWaitUs: UInt32
    let timerIntervalNs: UInt64
    let copiesAll: Bool
    let follow: Bool
    let heap: HeapChoice
    let heapInterval: UInt64
    let limits: SessionLimits

    var sessionSize: UInt64 { heap == .off ? pp_session_size() : pp_heap_session_size() }

    /// Slots while only the stacks that lack a table are copied: 2 MiB, of programs that load libraries alone.
    private static let someCopies: UInt32 = 64

    func fill(_ header: UnsafeMutablePointer<pp_session>) {
        if heap != .off {
            pp_session_set_heap(header, heap == .exact ? PP_HEAP_EXACT.value : PP_HEAP_SAMPLED.value, heapInterval)
        }
        header.pointee.engine = engine
        header.pointee.signal = signal
        header.pointee.start_wait_us = startWaitUs
        header.pointee.timer_interval_ns = timerIntervalNs
        header.pointee.collector_pid = UInt32(getpid())
        header.pointee.follow = follow ? 1 : 0
        header.pointee.copies_all = copiesAll ? 1 : 0
        header.pointee.copy_limit = min(limits.copies ?? .max, copiesAll ? PP_COPY_SLOTS : Self.someCopies)
        if let n = limits.ringRecords { header.pointee.ring_limit = min(n, header.pointee.ring_limit) }
        if let n = limits.arenaWords { header.pointee.arena_limit_words = min(n, header.pointee.arena_limit_words) }
        if let n = limits.modules { header.pointee.module_limit = min(n, header.pointee.module_limit) }
        if let n = limits.threads { header.pointee.thread_limit = min(n, header.pointee.thread_limit) }
    }
}
