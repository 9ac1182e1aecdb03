// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc

/// A copy of a process of the target, as it was at one instant (pp_freeze.h). The program goes on meanwhile; each page
/// that it writes while the copy lives costs it a few microseconds, so the copy is to live shortly: `end` it.
final class FrozenProcess {
    /// A thread of the process at that instant.
    struct Thread: Equatable {
        let tid: Int32
        /// Address of its `ucontext_t` in the copy; nil: it did not park, and ran or slept on meanwhile.
        let context: UInt64?
    }

    let pid: Int32
    let threads: [Thread]
    /// From the forker's arrival to the fork, and what the fork took, ns. Their sum is how long a thread was stopped.
    let parkNs: UInt64
    let forkNs: UInt64

    private let memory: SessionMemory
    private let process: Int32
    private let signal: Int32
    private let freeze: UnsafeMutablePointer<pp_freeze>
    private let number: UInt32
    /// We may not read it (ptrace scope, another user): it copies for us.
    private(set) var isServed: Bool
    private var hasEnded = false

    fileprivate init(_ order: FreezeOrder, copy: Int32, serve: Bool) {
        (memory, process, signal) = (order.memory, order.process.pid, order.signal)
        (freeze, number, pid, isServed) = (order.freeze, order.number, copy, serve)
        threads = order.threads.map { Thread(tid: $0, context: order.context(of: $0)) }
        parkNs = freeze.pointee.fork_ns.minus(freeze.pointee.first_ns)
        forkNs = freeze.pointee.go_ns.minus(freeze.pointee.fork_ns)
    }

    /// Reads from the copy's memory. Returns the bytes that could be read, from the start on; what follows is not mapped.
    /// Throws where the copy is gone, so that nobody takes that for memory which is not there. The copy ends by itself
    /// `PP_HEARTBEAT_STALE_NS` after the last read, or the collector's last turn.
    func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.baseAddress, !buffer.isEmpty else { return 0 }
        if hasEnded { throw gone }
        pp_session_beat(memory.header, potter_monotonic_ns())
        if !isServed {
            let got = potter_read_memory(pid, address, base, buffer.count)
            if got == -Int(ESRCH) { throw gone }
            if got != -Int(EPERM) && got != -Int(ENOSYS) { return max(0, got) }
            isServed = true
        }
        var done = 0
        while done < buffer.count {
            let size = min(buffer.count - done, Int(PP_FREEZE_BUFFER))
            let got = try serve(address &+ UInt64(done), size, to: base + done)
            done += got
            if got < size { break }
        }
        return done
    }

    private var gone: CaptureError {
        CaptureError("the frozen copy of process \(process) is gone; try again")
    }

    private func serve(_ address: UInt64, _ size: Int, to: UnsafeMutableRawPointer) throws -> Int {
        let asked = UInt32(PP_READ_ASKED)
        let word: UnsafeRawPointer = pp_freeze_ask(freeze, asked, address, UInt32(size))
        potter_futex_wake(word)
        let deadline = potter_monotonic_ns() + 10_000_000_000
        while pp_freeze_read_state(freeze) == asked {
            let now = potter_monotonic_ns()
            guard now < deadline else { throw gone }
            pp_session_beat(memory.header, now)
            potter_futex_wait(word, asked, 10_000_000)
        }
        let got = min(size, Int(clamping: freeze.pointee.read_done))
        memcpy(to, pp_freeze_buffer(freeze), got)
        return got
    }

    /// Ends the copy, and lets a thread of the program take the zombie away. Returns whether none is left.
    @discardableResult func end() -> Bool {
        guard !hasEnded else { return true }
        hasEnded = true
        let pidfd = potter_pidfd(pid)
        defer { if pidfd >= 0 { close(pidfd) } }
        potter_futex_wake(pp_freeze_ask(freeze, UInt32(PP_READ_END), 0, 0))
        if pidfd >= 0 {
            var ended = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
            poll(&ended, 1, 2000)
        }
        for thread in threads where pp_freeze_copy(freeze) != 0 { reap(by: thread.tid) }
        return pp_freeze_copy(freeze) == 0 || kill(pid, 0) != 0
    }

    private func reap(by tid: Int32) {
        guard potter_signal_thread(process, tid, signal, FreezeOrder.value(number << 2 | UInt32(PP_ORDER_REAP))) == 0
        else { return }
        let deadline = potter_monotonic_ns() + 20_000_000
        while pp_freeze_copy(freeze) != 0, potter_monotonic_ns() < deadline { usleep(200) }
    }

    deinit { end() }
}

/// The threads of a process are asked to park, and one to fork.
final class FreezeOrder {
    let memory: SessionMemory
    let process: TrackedProcess
    let signal: Int32
    let freeze: UnsafeMutablePointer<pp_freeze>
    let number: UInt32
    private(set) var threads: [Int32] = []
    private var slots: [Int32: UInt32]

    /// Freezes `process`. `threads`: thread slots by tid, as far as they are known. `patienceNs`: threads that have not
    /// come after it are not waited for. Throws where no thread forks: all block the signal, or none answers.
    static func freeze(
        _ process: TrackedProcess, in memory: SessionMemory, threads slots: [Int32: UInt32], signal: Int32,
        patienceNs: UInt64 = 50_000_000, serve: Bool = false
    ) throws -> FrozenProcess {
        let candidates = ProcFiles.threads(of: process.pid).filter { slots[$0] != nil }
        for forker in candidates.prefix(4) {
            let order = FreezeOrder(process, in: memory, slots: slots, signal: signal)
            if let copy = order.copy(by: forker, patienceNs: patienceNs) {
                return FrozenProcess(order, copy: copy, serve: serve)
            }
        }
        throw CaptureError(
            "cannot freeze process \(process.pid): "
                + (candidates.isEmpty ? "it has no thread that is recorded" : "no thread of it answers")
                + "; is it stopped, or at its end?")
    }

    private init(_ process: TrackedProcess, in memory: SessionMemory, slots: [Int32: UInt32], signal: Int32) {
        (self.process, self.memory, self.slots, self.signal) = (process, memory, slots, signal)
        freeze = pp_session_freeze(memory.header)
        number = (pp_freeze_order(freeze) >> 2) &+ 1
    }

    static func value(_ order: UInt32) -> UInt64 { UInt64(PP_CONTROL_MAGIC) << 32 | UInt64(order) }

    private var order: UInt32 { number << 2 | UInt32(PP_ORDER_PARK) }

    func context(of tid: Int32) -> UInt64? {
        guard let slot = slots[tid] else { return nil }
        let context = pp_thread_context(memory.thread(slot), order)
        return context != 0 ? context : nil
    }

    private func copy(by forker: Int32, patienceNs: UInt64) -> Int32? {
        threads = ProcFiles.threads(of: process.pid)
        guard threads.contains(forker), !isDeaf(forker) else { return nil }
        let deadline = potter_monotonic_ns() + patienceNs
        pp_freeze_begin(freeze, order, UInt32(forker), UInt32(threads.count), deadline)
        // The forker last: it waits for the others.
        let others = threads.filter { $0 != forker && !isDeaf($0) }
        let sent = (others + [forker]).filter(signalThread)
        potter_futex_wake(pp_freeze_expect(freeze, UInt32(sent.count)))
        let word: UnsafeRawPointer = pp_freeze_order_word(freeze)
        while pp_freeze_order(freeze) == order, potter_monotonic_ns() < deadline + 1_000_000_000 {
            potter_futex_wait(word, order, 2_000_000)
            // Of a standard signal the kernel keeps one: ours was dropped where a clock's was pending.
            for tid in sent where context(of: tid) == nil { _ = signalThread(tid) }
        }
        potter_futex_wake(pp_freeze_cancel(freeze, order))
        let copy = pp_freeze_copy(freeze)
        return copy == 0 || copy == PP_FREEZE_FAILED ? nil : outerPid(of: Int32(bitPattern: copy), by: forker)
    }

    /// It sleeps with the signal blocked. One that runs so may be in a handler of ours, and hear us soon.
    private func isDeaf(_ tid: Int32) -> Bool {
        ProcFiles.sleepsBlocking(signal, pid: process.pid, tid: tid)
    }

    private func signalThread(_ tid: Int32) -> Bool {
        potter_signal_thread(process.pid, tid, signal, Self.value(order)) == 0
    }

    /// The copy's pid as we see it: the target may live in another pid namespace.
    private func outerPid(of copy: Int32, by forker: Int32) -> Int32? {
        if ProcFiles.parent(of: copy) == process.pid { return copy }
        let children = ProcFiles.read("/proc/\(process.pid)/task/\(forker)/children") ?? ""
        return children.split(separator: " ").compactMap { Int32($0) }.first { ProcFiles.innermostPid(of: $0) == copy }
    }
}
