// SPDX-License-Identifier: Apache-2.0
// The cases of tasks.swift with streams that are never finished.

/// Holds both ends of a stream and the task that reads it.
final class Feed: Counted {
    var task: Task<Void, Never>?
    var sum = 0
    let (stream, continuation) = AsyncStream<Int>.makeStream()

    func start() {
        task = Task {
            corpus_signal()
            for await value in self.stream { self.sum += value }
        }
    }
}

/// A stream's end that holds, by its termination handler, its holder. No task.
final class Ticker: Counted {
    var ended = false
    let (stream, continuation) = AsyncStream<Int>.makeStream()

    func arm() { continuation.onTermination = { _ in self.ended = true } }
}

@inline(never)
func plantStream(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            let stream = AsyncStream<Int> { _ in corpus_signal() }
            for await value in stream { payload.number += value }
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slab, stream", 4 * n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantThrowingStream(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            let stream = AsyncThrowingStream<Int, any Error> { _ in corpus_signal() }
            for try await value in stream { payload.number += value }
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slab, stream", 4 * n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantFeed(_ n: Int) {
    for _ in 0..<n {
        let feed = Feed()
        feed.start()
        plantedTask(feed.task!)
        planted(feed, .cycle)
    }
    impliedAtLeast("task slab, stream", 3 * n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantTermination(_ n: Int) {
    for _ in 0..<n {
        let ticker = Ticker()
        ticker.arm()
        planted(ticker, .cycle)
    }
    implied("stream", 2 * n)
}

let streamCases: [Case] = [
    .leak("stream", plantStream), .leak("throwing_stream", plantThrowingStream), .leak("feed", plantFeed),
    .leak("termination", plantTermination),
]
