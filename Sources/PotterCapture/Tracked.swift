// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// A process of the recording, in one program image.
final class TrackedProcess {
    let slot: UInt32
    let pid: Int32
    let recordingID: Int64
    /// Readable once the process has ended; -1 if it could not be had.
    let pidfd: Int32
    /// Its own CPU clock when this image (or fork) began, ns.
    var startCPU: UInt64
    var lastCPU: UInt64
    var catchesSignal = false
    var signalTaken = false
    /// It installs a seccomp filter, or limits its address space.
    var isFiltered = false
    /// It has another pid for itself: it lives in a PID namespace of its own, and so do the tids that it claims.
    let isElsewhere: Bool
    /// Another image has taken its place by exec.
    var isReplaced = false

    init(slot: UInt32, pid: Int32, recordingID: Int64, startCPU: UInt64) {
        self.slot = slot
        self.pid = pid
        self.recordingID = recordingID
        self.startCPU = startCPU
        lastCPU = startCPU
        isElsewhere = (ProcFiles.innermostPid(of: pid) ?? pid) != pid
        pidfd = potter_pidfd(pid)
    }

    /// The tid that a thread has for us, which claims to be `tid` in the process's own namespace.
    func outerThread(_ tid: Int32) -> Int32 {
        guard isElsewhere else { return tid }
        return ProcFiles.threads(of: pid).first { ProcFiles.innermostPid(of: $0) == tid } ?? tid
    }

    /// Whether it has ended (it may still be a zombie).
    var hasEnded: Bool {
        guard pidfd >= 0 else { return kill(pid, 0) != 0 && errno == ESRCH }
        var descriptor = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 1
    }

    deinit {
        if pidfd >= 0 { close(pidfd) }
    }
}

/// A thread of the recording.
final class TrackedThread {
    let slot: UInt32
    let tid: Int32
    let process: TrackedProcess
    let recordingID: Int64
    let startNs: UInt64
    /// Its CPU clock when it was first seen; what it used before is not its image's.
    var startCPU: UInt64
    /// What its kernel time was when counting began.
    var startKernel: UInt64 = 0
    var clock: PerfClock?
    var lastCPU: UInt64
    /// CPU time before it was sampled, ns.
    var armingNs: UInt64 = 0
    var name = ""
    /// Why it is not sampled.
    var unsampledReason: String?
    var samples: UInt64 = 0
    var samplesAtClock: UInt64 = 0
    /// CPU time lost by redraws and not yet given to a sample, ns.
    var redrawLossNs: UInt64 = 0
    /// The fire of the period in force after which the next is drawn.
    var redrawAt: UInt32 = 1
    /// Page faults that a sample of them stands for.
    var faultPeriod: UInt64 = 0
    /// The period that follows the first, shortened one.
    var secondPeriod: FirstPeriod?

    init(slot: UInt32, tid: Int32, process: TrackedProcess, recordingID: Int64, startNs: UInt64, startCPU: UInt64) {
        self.slot = slot
        self.tid = tid
        self.process = process
        self.recordingID = recordingID
        self.startNs = startNs
        self.startCPU = startCPU
        lastCPU = startCPU
    }
}
