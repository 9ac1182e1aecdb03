// SPDX-License-Identifier: Apache-2.0
// No leaks: tasks, threads and queues that wait for something that can still happen. What they hold is on their stacks
// and in their frames; no walk gets there. With CORPUS_DRAIN=1 the awaited thing happens, and all must die.
import Dispatch

typealias Continuation = UnsafeContinuation<Void, Never>

final class Vault: @unchecked Sendable {
    private let lock = DispatchSemaphore(value: 1)
    private var continuations: [Continuation] = []
    private var checked: [CheckedContinuation<Void, Never>] = []
    private var streams: [AsyncStream<Payload>.Continuation] = []

    private func locked(_ body: () -> Void) {
        lock.wait()
        body()
        lock.signal()
        corpus_signal()
    }

    func add(_ continuation: Continuation) { locked { continuations.append(continuation) } }

    func add(_ continuation: CheckedContinuation<Void, Never>) { locked { checked.append(continuation) } }

    func add(_ end: AsyncStream<Payload>.Continuation) { locked { streams.append(end) } }

    func finishStreams() {
        streams.forEach { $0.finish() }
        streams = []
    }

    func resumeAll() {
        continuations.forEach { $0.resume() }
        checked.forEach { $0.resume() }
        continuations = []
        checked = []
    }
}

enum Trace {
    @TaskLocal static var payload: Payload?
}

/// Its job blocks a thread; others queue behind it.
actor Turnstile {
    var passed = 0

    func block() {
        corpus_signal()
        gate.wait()
    }

    func pass(_ payload: Payload) { passed += payload.number }
}

let vault = Vault()
let gate = DispatchSemaphore(value: 0)
nonisolated(unsafe) var tasks: [Task<Void, Never>] = []
nonisolated(unsafe) var streams: [AsyncStream<Payload>.Continuation] = []
nonisolated(unsafe) var ends: [AsyncStream<Payload>] = []
nonisolated(unsafe) var timers: [any DispatchSourceTimer] = []
nonisolated(unsafe) var readers: [any DispatchSourceRead] = []
nonisolated(unsafe) var queues: [DispatchQueue] = []
nonisolated(unsafe) var groups: [DispatchGroup] = []
nonisolated(unsafe) var gatedThreads = 0

func waitInVault() async { await withUnsafeContinuation { vault.add($0) } }

func checkHeld() { held(Payload.self) }

func resumeAll() {
    vault.resumeAll()
    waitUntilDead(Payload.self)
}

func openGate() {
    for _ in 0..<gatedThreads { gate.signal() }
    waitUntilDead(Payload.self)
}

/// A task for each of n payloads; returns when all have signalled.
func startTasks(_ n: Int, _ body: @escaping (Payload) async -> Void) {
    for _ in 0..<n {
        let payload = Payload()
        Task {
            await body(payload)
            payload.number += 1
        }
    }
    corpus_wait(n)
}

let cases: [Case] = [
    .clean("held_continuation", check: checkHeld, drain: resumeAll) { n in startTasks(n) { _ in await waitInVault() } },
    .clean("held_checked_continuation", check: checkHeld, drain: resumeAll) { n in
        startTasks(n) { _ in await withCheckedContinuation { vault.add($0) } }
    },
    // No handle: a timer of libdispatch alone will resume it.
    .clean("sleeping", check: checkHeld, drain: { waitUntilDead(Payload.self) }) { n in
        startTasks(n) { _ in
            corpus_signal()
            try? await Task.sleep(nanoseconds: 8_000_000_000)
        }
    },
    .clean(
        "sleeping_with_handle", check: checkHeld,
        drain: {
            tasks.forEach { $0.cancel() }
            tasks = []
            waitUntilDead(Payload.self)
        }
    ) { n in
        for _ in 0..<n {
            let payload = Payload()
            tasks.append(
                Task {
                    corpus_signal()
                    try? await Task.sleep(nanoseconds: 3_600_000_000_000)
                    payload.number += 1
                })
        }
        corpus_wait(n)
    },
    .clean(
        "held_stream", check: checkHeld,
        drain: {
            vault.finishStreams()
            waitUntilDead(Payload.self)
        }
    ) { n in
        startTasks(n) { payload in
            let (stream, end) = AsyncStream<Payload>.makeStream()
            vault.add(end)
            for await value in stream { payload.number += value.number }
        }
    },
    .clean(
        "buffered_stream", check: checkHeld,
        drain: {
            streams = []
            ends = []
        }
    ) { n in
        for _ in 0..<n {
            let (stream, end) = AsyncStream<Payload>.makeStream()
            for _ in 0..<3 { end.yield(Payload()) }
            ends.append(stream)
            streams.append(end)
        }
    },
    .clean("group", check: checkHeld, drain: resumeAll) { n in
        startTasks(n) { _ in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await waitInVault() }
                await group.waitForAll()
            }
        }
    },
    .clean("async_let", check: checkHeld, drain: resumeAll) { n in
        startTasks(n) { _ in
            async let waited: Void = waitInVault()
            await waited
        }
    },
    .clean("awaited_task", check: checkHeld, drain: resumeAll) { n in
        startTasks(n) { _ in await Task { await waitInVault() }.value }
    },
    .clean(
        "task_local", check: checkHeld, drain: resumeAll
    ) { n in
        for _ in 0..<n { Trace.$payload.withValue(Payload()) { _ = Task { await waitInVault() } } }
        corpus_wait(n)
    },
    .clean("actor_queue", check: checkHeld, drain: openGate) { n in
        let turnstile = Turnstile()
        gatedThreads = 1
        Task { await turnstile.block() }
        corpus_wait(1)
        for _ in 0..<n {
            let payload = Payload()
            Task {
                corpus_signal()
                await turnstile.pass(payload)
            }
        }
        corpus_wait(n)
    },
]

@main
struct Waiting {
    static func main() { runCorpus("waiting", cases + dispatchCases + threadCases) }
}
