// SPDX-License-Identifier: Apache-2.0
// The cases of waiting.swift in which Dispatch waits.
import Dispatch
import Glibc

let dispatchCases: [Case] = [
    .clean(
        "dispatch_timer", check: checkHeld,
        drain: {
            timers.forEach { $0.cancel() }
            timers = []
            waitUntilDead(Payload.self)
        }
    ) { n in
        for _ in 0..<n {
            let payload = Payload()
            let timer = DispatchSource.makeTimerSource()
            timer.schedule(deadline: .now() + 3600, repeating: 3600)
            timer.setEventHandler { payload.number += 1 }
            timer.activate()
            timers.append(timer)
        }
    },
    // Nobody but libdispatch knows the block.
    .clean("dispatch_after", check: checkHeld, drain: { waitUntilDead(Payload.self) }) { n in
        for _ in 0..<n {
            let payload = Payload()
            DispatchQueue.global().asyncAfter(deadline: .now() + 8) { payload.number += 1 }
        }
    },
    .clean(
        "dispatch_read", check: checkHeld,
        drain: {
            readers.forEach { $0.cancel() }
            readers = []
            waitUntilDead(Payload.self)
        }
    ) { n in
        for _ in 0..<min(n, 200) {
            let payload = Payload()
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            let reader = DispatchSource.makeReadSource(fileDescriptor: ends[0])
            reader.setEventHandler { payload.number += 1 }
            reader.activate()
            readers.append(reader)
        }
    },
    .clean(
        "suspended_queue", check: checkHeld,
        drain: {
            queues.forEach { $0.resume() }
            waitUntilDead(Payload.self)
        }
    ) { n in
        for _ in 0..<n {
            let payload = Payload()
            let queue = DispatchQueue(label: "corpus.held")
            queue.suspend()
            queue.async { payload.number += 1 }
            queues.append(queue)
        }
    },
    .clean(
        "dispatch_group", check: checkHeld,
        drain: {
            groups.forEach { $0.leave() }
            waitUntilDead(Payload.self)
        }
    ) { n in
        for _ in 0..<n {
            let payload = Payload()
            let group = DispatchGroup()
            group.enter()
            group.notify(queue: .global()) { payload.number += 1 }
            groups.append(group)
        }
    },
]
