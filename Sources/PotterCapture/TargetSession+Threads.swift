// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterRecording

/// Threads: found, armed, followed, ended.
extension TargetSession {
    /// New threads are armed first, all of them, and written down after: what a short-lived thread does before it is
    /// armed goes unseen.
    ///
    /// A thread of a `dying` process that was killed while it filled in its slot may have been sampled already.
    func scanThreads(dying: TrackedProcess? = nil) throws {
        var arrivals: [Arming] = []
        for slot in 0..<pp_session_thread_high(memory.header) {
            let claim = memory.thread(slot)
            let state = pp_thread_state(claim)
            if let thread = threads[slot] {
                if pp_thread_exec(claim) == 1 {
                    disarmForExec(thread, claim)
                } else {
                    rearm(thread, claim)
                }
                if state == PP_SLOT_EXITED.value { try end(thread, claim) }
            } else if !abandoned.contains(slot), let process = processes[claim.pointee.process],
                state == PP_SLOT_LIVE.value || state == PP_SLOT_EXITED.value
                    || (state == PP_SLOT_CLAIMED.value && process === dying && pp_thread_head(claim) > 0)
            {
                arrivals.append(arming(slot, claim, process, exited: state == PP_SLOT_EXITED.value))
            }
        }
        for arrival in arrivals { try begin(arrival) }
    }

    /// A thread between its announcement and its row.
    private struct Arming {
        let slot: UInt32
        let tid: Int32
        let process: TrackedProcess
        let clock: PerfClock?
        let reason: String?
        let exited: Bool
        let first: FirstPeriod
        /// Its CPU clock when it was armed, ns, as the scheduler last wrote it down.
        let cpuNs: UInt64?
    }

    private func arming(
        _ slot: UInt32, _ claim: UnsafeMutablePointer<pp_thread>, _ process: TrackedProcess, exited: Bool
    ) -> Arming {
        let tid = process.outerThread(Int32(bitPattern: claim.pointee.tid))
        var reason: String?
        let first = settings.drawFirstPeriod()
        let clock = exited ? nil : arm(claim, tid: tid, process: process, first: first, reason: &reason)
        let cpu = clock == nil ? nil : ProcFiles.threadCPU(pid: process.pid, tid: tid)
        return Arming(
            slot: slot, tid: tid, process: process, clock: clock, reason: reason, exited: exited, first: first,
            cpuNs: cpu)
    }

    private func begin(_ arrival: Arming) throws {
        let claim = memory.thread(arrival.slot)
        let (process, tid) = (arrival.process, arrival.tid)
        let startCPU = claim.pointee.start_cpu_ns
        let row = try writer.addThread(
            process: process.recordingID, tid: tid, name: "", startNs: claim.pointee.start_ns)
        let thread = TrackedThread(
            slot: arrival.slot, tid: tid, process: process, recordingID: row, startNs: claim.pointee.start_ns,
            startCPU: startCPU)
        thread.clock = arrival.clock
        thread.secondPeriod = arrival.first
        thread.unsampledReason = arrival.reason
        if let cpu = arrival.cpuNs {
            thread.armingNs = cpu > startCPU ? cpu - startCPU : 0
            thread.lastCPU = max(cpu, startCPU)
        }
        thread.name = ProcFiles.threadName(pid: process.pid, tid: tid) ?? ""
        threads[arrival.slot] = thread
        followFaults(of: thread, claim)
        if arrival.exited { try end(thread, claim) }
    }

    /// After the arming, which the thread waits for. It starts as a clock that has run for ever: see `FirstPeriod`.
    private func followFaults(of thread: TrackedThread, _ claim: UnsafeMutablePointer<pp_thread>) {
        guard let clock = thread.clock else { return }
        let first = settings.drawFirstFaultPeriod()
        guard let descriptor = clock.followFaults(tid: thread.tid, first: first) else { return }
        thread.faultPeriod = first.whole
        pp_thread_set_fault_clock(claim, descriptor)
        clock.enableFaults()
    }

    private func arm(
        _ claim: UnsafeMutablePointer<pp_thread>, tid: Int32, process: TrackedProcess, first: FirstPeriod,
        reason: inout String?
    ) -> PerfClock? {
        guard settings.engine.hasClocks, !process.signalTaken else {
            potter_futex_wake(pp_thread_set_armed(claim, 3))
            return nil
        }
        guard ProcFiles.hasThread(pid: process.pid, tid: tid) else {
            reason = "not a thread of its process"
            potter_futex_wake(pp_thread_set_armed(claim, 3))
            return nil
        }
        guard pp_thread_exec(claim) == 0 else { return refuseForExec(claim) }
        // Without our handler the first signal would end the program.
        if !process.catchesSignal {
            process.catchesSignal = ProcFiles.catches(settings.engine.signal, pid: process.pid, tid: tid)
        }
        var error: Int32 = 0
        pp_thread_redrawn(claim, first.whole, first.rest, 1)
        let clock =
            process.catchesSignal
            ? PerfClock(tid: tid, periodNs: first.rest, traps: settings.engine == .sigtrap, error: &error) : nil
        let armed = clock?.enable() ?? false
        // It may have announced an exec meanwhile, and waits for a word that no signal will follow it there.
        if pp_thread_exec(claim) != 0 { return refuseForExec(claim) }
        if !armed {
            reason =
                process.catchesSignal ? "perf clock: \(errorText(error))" : "no \(settings.engine.signalName) handler"
        }
        potter_futex_wake(pp_thread_set_armed(claim, armed ? 1 : 3))
        return armed ? clock : nil
    }

    private func refuseForExec(_ claim: UnsafeMutablePointer<pp_thread>) -> PerfClock? {
        potter_futex_wake(pp_thread_set_armed(claim, 2))
        return nil
    }

    private func disarmForExec(_ thread: TrackedThread, _ claim: UnsafeMutablePointer<pp_thread>) {
        guard pp_thread_armed(claim) < 2 else { return }
        thread.clock?.disable()
        potter_futex_wake(pp_thread_set_armed(claim, 2))
    }

    /// The target takes our answer back (0) when it is done; 2: it had stopped waiting before we gave it.
    private func rearm(_ thread: TrackedThread, _ claim: UnsafeMutablePointer<pp_thread>) {
        guard pp_thread_armed(claim) == 2 || pp_thread_armed(claim) == 0 else { return }
        if let clock = thread.clock, clock.enable() {
            pp_thread_set_armed(claim, 1)
        } else {
            let first = settings.drawFirstPeriod()
            thread.clock = arm(
                claim, tid: thread.tid, process: thread.process, first: first, reason: &thread.unsampledReason)
            thread.secondPeriod = first
            thread.redrawAt = 1
            followFaults(of: thread, claim)
        }
    }

    /// Draws the next period of every clock that has fired often enough. The restart loses the time since the last fire,
    /// a few microseconds, or milliseconds on a busy machine: it is measured, and added to the thread's next sample.
    func redrawPeriods() {
        for (slot, thread) in threads {
            guard let clock = thread.clock else { continue }
            let claim = memory.thread(slot)
            if pp_thread_fault_fired(claim) > 0, clock.beginWholeFaultPeriod() { pp_thread_set_fault_ready(claim) }
            let fired = pp_thread_fired(claim)
            guard fired > 0, fired >= thread.redrawAt else { continue }
            let (period, fires) = nextPeriod(of: thread)
            thread.redrawLossNs += clock.redraw(period, after: fired)
            thread.redrawAt = fires
            pp_thread_redrawn(claim, period, period, fires)
        }
    }

    private func nextPeriod(of thread: TrackedThread) -> (ns: UInt64, fires: UInt32) {
        defer { thread.secondPeriod = nil }
        if let second = thread.secondPeriod, second.firesLeft > 0 { return (second.whole, second.firesLeft) }
        return (settings.drawPeriod(), settings.redrawEvery)
    }

    /// CPU clocks of the threads that were sampled since the last time: a target that dies by SIGKILL leaves no last word.
    func refreshBusyThreads() {
        for thread in threads.values where thread.samples != thread.samplesAtClock || thread.samples == 0 {
            thread.samplesAtClock = thread.samples
            if let now = ProcFiles.threadCPU(pid: thread.process.pid, tid: thread.tid) {
                thread.lastCPU = max(thread.lastCPU, now)
            }
            noteBlocked(thread)
        }
    }

    /// A thread that blocks our signal is not sampled, which only shows while it lives.
    private func noteBlocked(_ thread: TrackedThread) {
        guard thread.samples == 0, thread.unsampledReason == nil,
            thread.lastCPU.minus(thread.startCPU) > Self.leastBlockedNs,
            ProcFiles.blocks(settings.engine.signal, pid: thread.process.pid, tid: thread.tid)
        else { return }
        thread.unsampledReason = "blocks \(settings.engine.signalName)"
    }

    private static let leastBlockedNs: UInt64 = 1_000_000

    /// Once a second: CPU clocks and names of the living; threads that ended without saying so.
    func refreshThreads() throws {
        for (slot, thread) in threads {
            let claim = memory.thread(slot)
            guard let now = ProcFiles.threadCPU(pid: thread.process.pid, tid: thread.tid) else {
                if ProcFiles.isGone(pid: thread.process.pid, tid: thread.tid), !thread.process.hasEnded {
                    try end(thread, claim)
                }
                continue
            }
            thread.lastCPU = max(thread.lastCPU, now)
            if let name = ProcFiles.threadName(pid: thread.process.pid, tid: thread.tid) { thread.name = name }
            noteBlocked(thread)
            try update(thread, endNs: nil)
        }
    }

    func end(_ thread: TrackedThread, _ claim: UnsafeMutablePointer<pp_thread>) throws {
        try drain(thread)
        let last = pp_thread_exit_cpu(claim)
        if last != 0 { thread.lastCPU = max(thread.lastCPU, last) }
        noteArming(of: thread, claim, exitCPU: last)
        thread.clock = nil
        if thread.name.isEmpty {
            thread.name = withUnsafeBytes(of: claim.pointee.name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        handlerNs = handlerNs.plus(pp_thread_handler_ns(claim))
        written = written.plus(pp_thread_head(claim))
        try update(thread, endNs: potter_monotonic_ns())
        threads[thread.slot] = nil
        // A slot that its owner has not left stays taken: two owners would write one ring.
        if pp_thread_state(claim) == PP_SLOT_EXITED.value || thread.process.hasEnded || thread.process.isReplaced {
            pp_session_free_copies(memory.header, thread.slot)
            pp_thread_free(claim)
        } else {
            abandoned.insert(thread.slot)
        }
    }

    /// What a thread used before it was armed, better than the scheduler's account, which lags by a tick while the thread
    /// runs: the thread noted its clock after a wait that was not in vain; else it is what the perf clock did not count.
    private func noteArming(of thread: TrackedThread, _ claim: UnsafeMutablePointer<pp_thread>, exitCPU: UInt64) {
        guard let clock = thread.clock else { return }
        let noted = pp_thread_armed_cpu(claim)
        if noted != 0 {
            thread.armingNs = noted - min(thread.startCPU, noted)
        } else if exitCPU != 0 {
            let counted = thread.startCPU + clock.count
            thread.armingNs = exitCPU - min(counted, exitCPU)
        }
    }

    func update(_ thread: TrackedThread, endNs: UInt64?) throws {
        let claim = memory.thread(thread.slot)
        let cpu = counts ? thread.lastCPU.minus(thread.startCPU) : 0
        try writer.updateThread(
            thread.recordingID, name: thread.name, endNs: endNs, cpuNs: cpu, armingNs: min(thread.armingNs, cpu),
            userTicks: UInt64(pp_thread_user_ticks(claim)),
            kernelNs: counts ? pp_thread_kernel(claim).minus(thread.startKernel) : 0,
            unsampledReason: endNs != nil && thread.samples == 0 ? thread.unsampledReason : nil)
    }
}
