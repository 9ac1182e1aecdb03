// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// The command as our child: signals to it, its stops, its end.
///
/// It stays in our process group, so the terminal's signals reach it without us; they are ignored here. What somebody
/// else sends to potter-prof with kill(2) is passed on, once; SIGCONT only to a command that is stopped: that of a shell
/// (fg) goes to the whole group. When the terminal stops the command (Ctrl-Z), potter-prof stops too, or the shell would
/// wait for ever.
struct ChildSupervisor {
    let pid: Int32
    private(set) var hasEnded = false
    /// The status as a shell shows it.
    private(set) var status: Int32 = 0
    /// Of the command and of all children that were waited for, once it has ended.
    private(set) var cpuNs: UInt64 = 0

    init(pid: Int32) {
        self.pid = pid
    }

    /// `isRecorded`: whether a process is, or was, of the recording.
    func forwardSignals(isRecorded: (Int32) -> Bool) {
        var fromUser = false
        var sender: Int32 = 0
        while case let signal = potter_wait_signal(0, &fromUser, &sender), signal > 0 {
            guard fromUser, signal != SIGCONT || ProcFiles.isStopped(pid) else { continue }
            // What comes from inside was for the process group: the command has it.
            if !isRecorded(sender), !Descent.of(sender, from: pid) { kill(pid, signal) }
        }
    }

    mutating func look() {
        var value: Int32 = 0
        switch potter_child_state(pid, &value, &cpuNs) {
        case 1:
            (hasEnded, status) = (true, value)
        case 2:
            (hasEnded, status) = (true, 128 + (value & 0x7f))
        case 3 where [SIGTSTP, SIGTTIN, SIGTTOU].contains(value):
            kill(getpid(), SIGSTOP)
        default:
            break
        }
    }

    func reap() {
        _ = potter_reap(pid)
    }
}
