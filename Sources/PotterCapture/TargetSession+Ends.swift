// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterRecording

/// Ends.
extension TargetSession {
    /// A parent that ends right after fork (a daemon) leaves a child that has not claimed its slot: it is waited for.
    func isOver(now: UInt64) -> Bool {
        guard !processes.isEmpty, processes.values.allSatisfy({ ended.contains($0.slot) }) else {
            emptySinceNs = nil
            return false
        }
        let since = emptySinceNs ?? now
        emptySinceNs = since
        return !pp_session_is_forking(memory.header) || now &- since > 1_000_000_000
    }

    /// Closes a process: its threads are drained and ended. `cpu`: its clock, if it could still be read. Returns its
    /// last clock.
    func end(_ process: TrackedProcess, cpu: UInt64?) throws -> UInt64 {
        guard !ended.contains(process.slot) else { return process.lastCPU }
        try scanThreads(dying: process)
        try scanModules({})
        for thread in threads.values where thread.process === process { try end(thread, memory.thread(thread.slot)) }
        try endHeap(of: process)
        let claim = memory.process(process.slot)
        let last = max(cpu ?? 0, pp_process_exit_cpu(claim), process.lastCPU)
        process.lastCPU = last
        let own = counts ? last.minus(process.startCPU).plus(process.slot == 0 ? startupCPU : 0) : 0
        endedCPU = endedCPU.plus(own)
        try writer.updateProcess(
            process.recordingID, endNs: potter_monotonic_ns(), cpuNs: own, startupCpuNs: nil, note: nil)
        ended.insert(process.slot)
        files.maps.forget(process.pid)
        if process.slot != 0 {
            processes[process.slot] = nil
            ended.remove(process.slot)
            pp_process_set_state(claim, PP_SLOT_FREE.value)
        }
        return last
    }

    /// Whoever waits in the target for an answer of ours gets one.
    private func letGo() {
        potter_futex_wake(pp_session_set_ready(memory.header))
        for slot in unprepared { publish(slot, 0) }
        unprepared = []
    }

    /// The delay of -D is over: what was used until now is nobody's.
    func beginCounting() throws {
        guard !counts else { return }
        counts = true
        startupCPU = 0
        for process in processes.values {
            process.startCPU = ProcFiles.processCPU(pid: process.pid) ?? process.lastCPU
            process.lastCPU = process.startCPU
            try writer.updateProcess(process.recordingID, endNs: nil, cpuNs: 0, startupCpuNs: 0, note: nil)
        }
        for thread in threads.values {
            thread.startCPU = ProcFiles.threadCPU(pid: thread.process.pid, tid: thread.tid) ?? thread.lastCPU
            thread.lastCPU = thread.startCPU
            thread.startKernel = pp_thread_kernel(memory.thread(thread.slot))
            thread.armingNs = 0
            try update(thread, endNs: nil)
        }
    }

    /// The recording ends early, and its file with it: the target goes on without us.
    func abandon() {
        pp_session_set_state(memory.header, PP_SESSION_STOPPED.value)
        for thread in threads.values { thread.clock = nil }
        letGo()
    }

    /// The recording ends while the target may go on. Returns how many processes do.
    func finish(parentRow: (Int32) -> Int64?) throws -> Int {
        try scanProcesses(parentRow)
        try scanThreads()
        try scanModules({})
        for thread in threads.values { thread.clock = nil }
        letGo()
        let left = processes.values.count { !$0.hasEnded }
        for process in Array(processes.values) {
            for thread in threads.values where thread.process === process {
                if let now = ProcFiles.threadCPU(pid: process.pid, tid: thread.tid) {
                    thread.lastCPU = max(thread.lastCPU, now)
                }
            }
            _ = try end(process, cpu: ProcFiles.processCPU(pid: process.pid))
        }
        return left
    }
}
