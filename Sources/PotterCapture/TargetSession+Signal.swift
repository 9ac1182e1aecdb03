// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterRecording

/// Our signal goes back to the program: dispositions.c and seccomp_linux.c of the recorder ask for it, and wait.
extension TargetSession {
    /// The program installs a handler of its own for our signal, or a seccomp filter or limit of address space below
    /// which our handler could not work, and waits until no signal of ours can come any more.
    func giveSignalAway(_ process: TrackedProcess) throws {
        process.signalTaken = true
        let claim = pp_process_filtered(memory.process(process.slot))
        let filtered = claim != 0
        let reasons = [
            "the program handles \(settings.engine.signalName) itself", "the program installs a seccomp filter",
            "the program limits its address space", "the program is traced",
        ]
        let reason = reasons[Int(min(claim, 3))]
        for thread in threads.values where thread.process === process {
            thread.clock = nil
            thread.unsampledReason = reason
        }
        if filtered, !process.isFiltered { awaitHandlers(of: process.pid) }
        process.isFiltered = filtered
        try writer.updateProcess(
            process.recordingID, endNs: nil, cpuNs: nil, startupCpuNs: nil, note: "\(reason): sampled until then")
        potter_futex_wake(pp_process_signal_given(memory.process(process.slot)))
    }

    /// A handler of ours that is under way on another thread has its return before it, which is a system call that the
    /// filter may forbid (seen in 1 of 34 runs). A thread that blocks the signal itself looks the same: so not
    /// for ever. Twice, since between the queue and the handler a signal is nowhere for a moment.
    private func awaitHandlers(of pid: Int32) {
        let deadline = potter_monotonic_ns() + 10_000_000
        var looks = 0
        while looks < 2, potter_monotonic_ns() < deadline {
            let clear = ProcFiles.threads(of: pid).allSatisfy {
                ProcFiles.isClear(of: settings.engine.signal, pid: pid, tid: $0)
            }
            looks = clear ? looks + 1 : 0
            usleep(100)
        }
    }
}
