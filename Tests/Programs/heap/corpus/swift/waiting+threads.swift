// SPDX-License-Identifier: Apache-2.0
// The cases of waiting.swift in which threads wait.
import Dispatch
import Glibc

nonisolated(unsafe) var specificKey = pthread_key_t()
nonisolated(unsafe) var loopPipe: [Int32] = [0, 0]

/// Starts a thread on which `body` runs.
func startThread(_ body: @escaping () -> Void) {
    final class Start {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body)).toOpaque()
    pthread_create(
        &thread, nil,
        {
            Unmanaged<Start>.fromOpaque($0!).takeRetainedValue().body()
            return nil
        }, start)
    pthread_detach(thread)
    gatedThreads += 1
}

/// Waits at the gate with a payload that only this frame knows.
@inline(never)
func holdOnStack() {
    let payload = Payload()
    corpus_signal()
    gate.wait()
    payload.number += 1
}

@inline(never)
func holdThreadSpecific() {
    pthread_setspecific(specificKey, Unmanaged.passRetained(Payload()).toOpaque())
    corpus_signal()
    gate.wait()
}

/// An event loop: poll on a pipe, handlers in a dictionary of this frame.
@inline(never)
func runLoop(_ n: Int) {
    var handlers: [Int32: () -> Int] = [:]
    for i in 0..<n {
        let payload = Payload()
        handlers[loopPipe[0] + Int32(i)] = {
            payload.number += i
            return payload.number
        }
    }
    var ready = pollfd(fd: loopPipe[0], events: Int16(POLLIN), revents: 0)
    corpus_signal()
    while poll(&ready, 1, -1) != 1 {}
    _ = handlers.values.map { $0() }
}

let threadCases: [Case] = [
    .clean("thread_stack", check: checkHeld, drain: openGate) { n in
        for _ in 0..<min(n, 50) { startThread(holdOnStack) }
        corpus_wait(gatedThreads)
    },
    .clean("thread_specific", check: checkHeld, drain: openGate) { n in
        pthread_key_create(&specificKey) { Unmanaged<Payload>.fromOpaque($0!).release() }
        for _ in 0..<min(n, 50) { startThread(holdThreadSpecific) }
        corpus_wait(gatedThreads)
    },
    .clean(
        "event_loop", check: checkHeld,
        drain: {
            write(loopPipe[1], "x", 1)
            waitUntilDead(Payload.self)
        }
    ) { n in
        pipe(&loopPipe)
        startThread { runLoop(n) }
        corpus_wait(1)
    },
]
