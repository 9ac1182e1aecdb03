// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import Synchronization

/// A program image that said hello: its memory is in both sides' hands, its tables are not prepared yet.
struct Arrival: Sendable {
    let memory: SessionMemory
    let pid: Int32
    let startupCPU: UInt64
}

/// Answers hellos on a unix socket in a private directory, on a thread of its own, so that a program never waits for a
/// drain. The thread is urgent, as the collector's: on libdispatch's threads, with 25 programs that wanted 2 CPUs, 3 of 360
/// recorded programs had no answer in a second, and ran unrecorded [measured]. Descriptors are handed out at once; the image then waits in session memory for its unwind tables.
final class HelloServer: @unchecked Sendable {
    let socketPath: String
    private let directory: SessionDirectory
    private let descriptor: Int32
    private var stopped = false
    private var thread: UInt64 = 0
    /// Held while hellos are answered.
    private let answering = Mutex<Void>(())
    private var answer: () -> Void = {}
    private let arrivals = Mutex<[Arrival]>([])
    private let known = Mutex<Set<Int32>>([])
    private let refusals = Mutex<[String]>([])

    /// When potter-prof is root the program may drop root before a child says hello: the socket can then be written by
    /// all, and who may stay is decided by credentials.
    init() throws {
        directory = try SessionDirectory()
        socketPath = directory.path + "/socket"
        descriptor = potter_listen(socketPath, geteuid() == 0 ? 0o666 : 0o600)
        guard descriptor >= 0 else {
            unlink(socketPath)
            directory.remove()
            throw CaptureError("cannot listen on \(socketPath): \(errorText(descriptor))")
        }
    }

    /// Starts answering. Each new session gets `header`. Throws where no thread can be made.
    func start(
        store: UnwindTableStore, bell: SharedMemory, header: SessionHeader,
        accepts: @escaping @Sendable (Int32, uid_t) -> Bool
    ) throws {
        answer = { [unowned self] in
            var pid: pid_t = 0
            var uid: uid_t = 0
            while case let peer = potter_accept(descriptor, &pid, &uid), peer >= 0 {
                welcome(
                    peer, pid: pid, accepted: known.withLock { $0.contains(pid) } || accepts(pid, uid), store: store,
                    bell: bell, header: header)
                close(peer)
            }
        }
        // `stop` waits for the thread, and whoever drops the server has called it.
        thread = potter_start_urgent(
            { Unmanaged<HelloServer>.fromOpaque($0!).takeUnretainedValue().serve() },
            Unmanaged.passUnretained(self).toOpaque())
        guard thread != 0 else { throw CaptureError("cannot start a thread; raise the limit of processes (ulimit -u)") }
    }

    /// Until the socket is shut down.
    private func serve() {
        while true {
            var incoming = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&incoming, 1, -1) >= 0 || errno == EINTR else { return }
            if Int32(incoming.revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 { return }
            answering.withLock { _ in answer() }
        }
    }

    private func welcome(
        _ peer: Int32, pid: Int32, accepted: Bool, store: UnwindTableStore, bell: SharedMemory, header: SessionHeader
    ) {
        var hello = pp_hello()
        // Strangers are not waited for: they could hold up everybody else. They see the connection closed, and stay inert.
        let got = !accepted ? 0 : potter_receive(peer, &hello, MemoryLayout<pp_hello>.size, 200)
        guard accepted, got == MemoryLayout<pp_hello>.size, hello.magic == PP_HELLO_MAGIC else { return }
        var answer = pp_welcome(
            magic: PP_HELLO_MAGIC, version: PP_WIRE_VERSION, status: 1, reserved: 0, session_size: header.sessionSize,
            tables_size: store.memory.size)
        guard hello.version == PP_WIRE_VERSION,
            let memory = try? SessionMemory(size: header.sessionSize, configure: header.fill)
        else {
            _ = potter_send_descriptors(peer, &answer, MemoryLayout<pp_welcome>.size, [], 0)
            if hello.version != PP_WIRE_VERSION {
                refusals.withLock { $0.append("process \(pid) has a preload library of wire version \(hello.version)") }
            }
            return
        }
        answer.status = 0
        let descriptors = [memory.memory.descriptor, store.memory.descriptor, bell.descriptor]
        guard potter_send_descriptors(peer, &answer, MemoryLayout<pp_welcome>.size, descriptors, 3) == 0 else { return }
        arrivals.withLock { $0.append(Arrival(memory: memory, pid: pid, startupCPU: hello.startup_cpu_ns)) }
    }

    /// The processes under recording. A daemon among them descends from us no longer, and may have dropped root.
    func follow(_ pids: Set<Int32>) { known.withLock { $0 = pids } }

    func whilePaused<Result>(_ body: () throws -> Result) rethrows -> Result {
        try answering.withLock { _ in try body() }
    }

    func takeArrivals() -> [Arrival] {
        arrivals.withLock { list in
            defer { list.removeAll() }
            return list
        }
    }

    func takeRefusals() -> [String] {
        refusals.withLock { list in
            defer { list.removeAll() }
            return list
        }
    }

    /// Ends: later programs find no socket and run unrecorded.
    func stop() {
        guard !stopped else { return }
        stopped = true
        shutdown(descriptor, Int32(SHUT_RDWR))  // `poll` of the thread says POLLHUP then
        if thread != 0 { potter_join(thread) }
        close(descriptor)
        unlink(socketPath)
        directory.remove()
    }
}
