// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterCore
import PotterProfile
import PotterRecording

/// `potter-prof record`: from a command to a finished recording.
public struct RecordRun {
    let options: RecordOptions
    let launch: CommandLaunch
    let settings: SamplingSettings
    let preload: String
    let writer: RecordingWriter
    let collector: Collector

    /// Everything that can be refused is refused here, before the command starts.
    init(_ options: RecordOptions, launch: CommandLaunch) throws {
        self.options = options
        self.launch = launch
        potter_occupy_standard_descriptors()
        preload = try PreloadLibrary.find(override: options.preloadLibrary, heap: options.heap)
        settings = try SamplingSettings(options)
        potter_hold_standard_descriptors()
        potter_ignore_signals()
        potter_raise_limits()
        try Self.checkDescriptors()
        // First, since it may find no room: a recording must not be there then.
        let memory = try CollectorMemory()
        writer = try RecordingWriter(
            path: options.output, run: Self.describe(options, settings), maxBytes: options.maxBytes)
        // Now: a recording whose recorder is killed has a heap, too.
        if options.heap != .off { try writer.setQuality(QualityKey.heapMode, options.heap.rawValue) }
        collector = try Collector(settings: settings, writer: writer, memory: memory)
    }

    static func describe(_ options: RecordOptions, _ settings: SamplingSettings) -> RunInfo {
        var system = utsname()
        uname(&system)
        return RunInfo(
            command: options.command.map(\.text), workingDirectory: workingDirectory(), host: text(&system.nodename),
            kernel: text(&system.release), architecture: text(&system.machine), potterVersion: potterVersion,
            startNs: potter_monotonic_ns(), startWallNs: wallClock(),
            engine: Engine(rawValue: settings.engine.rawValue) ?? .none, engineReason: settings.reason,
            rateHz: Double(settings.frequency), periodNs: settings.meanPeriodNs, tickNs: settings.timerIntervalNs)
    }

    /// With fewer, libdispatch ends us without a word.
    private static func checkDescriptors() throws {
        let needed = rlim_t(ProcFiles.openDescriptors + 16)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < needed else { return }
        throw CaptureError(
            "cannot record with \(limit.rlim_cur) file descriptors, \(needed) are needed: raise the limit (ulimit -n)")
    }

    /// A fixed-size C string.
    private static func text<T>(_ field: inout T) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func wallClock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Runs the command to its end. Returns the status that a shell would show for it.
    public func run() throws -> Int32 {
        let header = settings.sessionHeader(follow: options.inherit, limits: options.limits)
        let us = getpid()
        let uid = geteuid()
        let inherit = options.inherit
        let target = TargetIdentity()
        let pid: Int32
        do {
            try collector.server.start(
                store: collector.store, bell: collector.bell, header: header,
                accepts: { pid, peer in
                    (inherit || target.isFirst(pid)) && (peer == uid || Descent.of(pid, from: us))
                })
            potter_block_signals()
            // No hello is answered meanwhile: it is judged by the pid.
            pid = try collector.server.whilePaused {
                try launch.start(session: collector.server.socketPath, preload: preload)
            }
        } catch {
            collector.server.stop()
            try? writer.close()
            throw error
        }
        target.set(pid)
        // Only now: the command must not inherit it. Threads wait for us when they start, and redraws lose time.
        potter_set_urgent(true)
        return try supervise(pid)
    }

    private func supervise(_ pid: Int32) throws -> Int32 {
        var supervisor = ChildSupervisor(pid: pid)
        var progress = ProgressLine(asked: options.verbose, quiet: options.quiet)
        let start = potter_monotonic_ns()
        let begin = start + UInt64(max(options.delayMs, 0)) * 1_000_000
        let end = options.duration.map { begin + UInt64($0 * 1e9) } ?? .max
        var failure: (any Error)?
        var stopped = false
        if options.delayMs <= 0 { try collector.begin() }
        while !supervisor.hasEnded {
            supervisor.forwardSignals { collector.hasRecorded($0) }
            let now = potter_monotonic_ns()
            if stopped || failure != nil {
                usleep(20_000)
            } else {
                // The command goes on whatever happens to its recording.
                do {
                    if now >= end || writer.isFull {
                        stopped = true
                        if now < end { try sayFull(begin: begin, now: now) }
                        try finish()
                    } else {
                        if !collector.recording, now >= begin { try beginDelayed(now) }
                        try collector.turn(limitNs: Collector.drainIntervalNs)
                    }
                } catch {
                    failure = error
                    collector.abandon()
                }
            }
            progress.show(collector.progress, elapsedNs: now - start)
            supervisor.look()
        }
        progress.clear()
        if !stopped, failure == nil {
            writer.updateRun { $0.exitStatus = supervisor.status }
            do { try finish(of: supervisor) } catch { failure = error }
        }
        supervisor.reap()
        if let failure { report(failure) } else { announce() }
        return supervisor.status
    }

    private func beginDelayed(_ now: UInt64) throws {
        try collector.begin()
        writer.updateRun { run in
            run.startWallNs += now - run.startNs
            run.startNs = now
        }
    }

    /// `ended`: the command, unless it goes on.
    private func finish(of ended: ChildSupervisor? = nil) throws {
        try collector.stop()
        potter_set_urgent(false)
        writer.updateRun { $0.endNs = potter_monotonic_ns() }
        try writeQuality()
        if let ended { try noteUnrecorded(ended) }
        try Interpreter(writer: writer, files: collector.files).nameLocations()
        try writer.finish()
    }

    private func sayFull(begin: UInt64, now: UInt64) throws {
        try writer.setQuality(QualityKey.endedMaxSize, Int64(clamping: options.maxBytes ?? 0))
        let seconds = Double(now - min(begin, now)) / 1e9
        say(
            "the recording reached --max-size after \((seconds * 10).rounded() / 10) s and ended; the command goes on "
                + "unrecorded")
    }

    private func report(_ failure: any Error) {
        say("the recording ended early: \(failure)")
    }

    private func announce() {
        guard !options.quiet else { return }
        let totals = collector.totals
        if let reason = launch.unrecorded {
            say("\(launch.arguments[0].text) ran unrecorded: \(reason)")
            return
        }
        if totals.images == 0 {
            say("nothing was recorded: the command never loaded \(PreloadLibrary.fileName)")
            return
        }
        say(
            "\(grouped(totals.samples)) \(totals.samples == 1 ? "sample" : "samples"), \(totals.lost) lost, engine \(settings.engine.rawValue) "
                + "(\(settings.reason)), in \(options.output)")
        warn(totals)
        guard options.verbose else { return }
        say(
            "\(plural(totals.images, "program image")), \(plural(totals.processes, "process")), \(plural(totals.modules, "module"))"
        )
        for (path, count) in totals.foreign.sorted(by: { $0.key < $1.key }) {
            say(
                "\(path) ran unrecorded, \(count) times: it cannot load the recorder (static, another loader, setuid, traced, or little address space)"
            )
        }
        for refusal in collector.server.takeRefusals() { say("\(refusal): it ran unrecorded") }
    }
}

extension RecordRun {
    /// What a user must know who will read no quality line.
    private func warn(_ totals: CollectorTotals) {
        let taken = totals.counters[Int(PP_COUNT_SIGNAL_TAKEN.rawValue)]
        if taken > 0 {
            say(
                "\(plural(Int(clamping: taken), "process")) handled \(settings.engine.signalName), ignored it or waited for it, and was not sampled from then on: "
                    + "its CPU time is [unattributed]")
        }
    }
}

private func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)" + (count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")
}

/// 1234567 -> 1,234,567
func grouped(_ number: UInt64) -> String {
    var digits = Array(String(number))
    var at = digits.count - 3
    while at > 0 {
        digits.insert(",", at: at)
        at -= 3
    }
    return String(digits)
}
