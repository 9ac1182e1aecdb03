// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterRecording

/// Drains all sessions of a recording on one thread, asleep on the bell between.
///
///     bell rings ─▶ announcements, redraws      at once
///     20 ms      ─▶ rings                       copied to the recording
///     1 s        ─▶ clocks, names, commit       what a SIGKILL of ours cannot take away any more
final class Collector {
    static let drainIntervalNs: UInt64 = 20_000_000
    static let commitIntervalNs: UInt64 = 1_000_000_000

    let settings: SamplingSettings
    let writer: RecordingWriter
    let store: UnwindTableStore
    let files = SymbolFiles()
    let server: HelloServer
    let bell: SharedMemory
    private(set) var sessions: [TargetSession] = []
    private(set) var recording = false
    private(set) var totals = CollectorTotals()
    private var processRows: [Int32: Int64] = [:]
    private var imageEndCPU: [Int32: UInt64] = [:]
    private var lastDrain: UInt64 = 0
    private var lastCommit: UInt64 = 0
    private var lastSweep: UInt64 = 0

    init(settings: SamplingSettings, writer: RecordingWriter, memory: CollectorMemory) throws {
        self.settings = settings
        self.writer = writer
        (store, bell) = (memory.store, memory.bell)
        server = try HelloServer()
    }

    private var bellPage: UnsafeMutablePointer<pp_bell> { bell.base.assumingMemoryBound(to: pp_bell.self) }

    func begin() throws {
        recording = true
        for session in sessions { try session.beginCounting() }
    }

    /// Sleeps until something happens or `limitNs` have passed, then does what is due.
    func turn(limitNs: UInt64) throws {
        let word = pp_bell_word(bellPage)
        let address = pp_bell_set_waiting(bellPage, 1)
        if let address, pp_bell_word(bellPage) == word { potter_futex_wait(address, word, limitNs) }
        pp_bell_set_waiting(bellPage, 0)
        try work(now: potter_monotonic_ns())
    }

    private func work(now: UInt64) throws {
        try admit()
        let sweep = now - lastSweep > 100_000_000
        if sweep { lastSweep = now }
        let ringer = BellRinger(bell: bell)
        for session in sessions {
            pp_session_beat(session.memory.header, now)
            pp_session_set_state(
                session.memory.header, recording ? PP_SESSION_RECORDING.value : PP_SESSION_PREPARING.value)
            if settings.engine.hasClocks { session.redrawPeriods() }
            try session.followAnnouncements(force: sweep, wake: { ringer.ring() }, parentRow: { processRows[$0] })
            for process in session.processes.values { processRows[process.pid] = process.recordingID }
        }
        server.follow(Set(sessions.lazy.flatMap { $0.processes.values.lazy.map(\.pid) }))
        if now - lastDrain >= Self.drainIntervalNs {
            lastDrain = now
            for session in sessions { try session.drainAll() }
        }
        if sweep {
            for session in sessions { session.refreshBusyThreads() }
            try endProcesses(now)
        }
        if now - lastCommit >= Self.commitIntervalNs {
            lastCommit = now
            for session in sessions {
                try session.refreshThreads()
                try session.followHeap(now)
            }
            try writer.commit()
        }
    }

    func hasRecorded(_ pid: Int32) -> Bool { processRows[pid] != nil }

    private func admit() throws {
        let arrivals = server.takeArrivals()
        // A child that forks and executes in one breath is not in its old image's list yet.
        if !arrivals.isEmpty { for session in sessions { try session.scanProcesses { processRows[$0] } } }
        for arrival in arrivals {
            // An exec: the old image is over, its last words are in its memory.
            for old in sessions where old.processes.values.contains(where: { $0.pid == arrival.pid }) {
                for process in old.processes.values where process.pid == arrival.pid {
                    process.isReplaced = true
                    if pp_process_exec(old.memory.process(process.slot)) == 2 {
                        pp_session_set_restores_default(arrival.memory.header)
                    }
                    imageEndCPU[process.pid] = try old.end(process, cpu: nil)
                }
            }
            let session = TargetSession(
                memory: arrival.memory, pid: arrival.pid, settings: settings, writer: writer, store: store,
                files: files, counts: recording)
            session.startupCPU = arrival.startupCPU.minus(imageEndCPU[arrival.pid] ?? 0)
            sessions.append(session)
        }
        dropEndedSessions()
    }

    private func endProcesses(_ now: UInt64) throws {
        for session in sessions {
            for process in session.processes.values {
                let cpu = ProcFiles.processCPU(pid: process.pid)
                if let cpu { process.lastCPU = max(process.lastCPU, cpu) }
                if process.hasEnded { _ = try session.end(process, cpu: cpu) }
            }
        }
        dropEndedSessions()
    }

    private func dropEndedSessions() {
        let now = potter_monotonic_ns()
        sessions.removeAll { session in
            guard session.isOver(now: now) else { return false }
            totals.add(session)
            return true
        }
    }

    /// Stops sampling, takes what is left in the rings, and closes every process.
    func stop() throws {
        recording = false
        server.stop()
        try admit()
        for session in sessions {
            pp_session_set_state(session.memory.header, PP_SESSION_STOPPED.value)
            let left = try session.finish(parentRow: { processRows[$0] })
            totals.add(session)
            totals.left += left
        }
        sessions = []
        try writer.commit()
    }

    /// The recording cannot be written any more: no clock, no session, nobody in the target waits for us.
    func abandon() {
        recording = false
        server.stop()
        for arrival in server.takeArrivals() { potter_futex_wake(pp_session_set_ready(arrival.memory.header)) }
        for session in sessions {
            session.abandon()
            totals.add(session)
        }
        sessions = []
        try? writer.close()
    }

    /// What a progress line shows of the living.
    var progress: (samples: UInt64, lost: UInt64, processes: Int, cpuNs: UInt64) {
        var sum = totals
        var cpu = totals.cpuNs
        for session in sessions {
            sum.add(session)
            cpu = cpu.plus(.sum(session.processes.values.map { $0.lastCPU.minus($0.startCPU) }))
        }
        return (sum.samples, sum.lost, sessions.reduce(0) { $0 + $1.processes.count }, cpu)
    }
}

/// What a recording shares with all its targets. Throws `NoRoom`.
struct CollectorMemory {
    let store: UnwindTableStore
    let bell: SharedMemory

    init() throws {
        store = try UnwindTableStore()
        bell = try SharedMemory(name: "potter-bell", size: 4096, reserved: 4096)
        _ = try SessionMemory { _ in }  // there will be one at least
    }
}

/// The bell, for closures on other queues. It holds the memory: a table may be ready after the collector has gone.
struct BellRinger: Sendable {
    let bell: SharedMemory

    func ring() { potter_futex_wake(pp_bell_increment(bell.base.assumingMemoryBound(to: pp_bell.self))) }
}
