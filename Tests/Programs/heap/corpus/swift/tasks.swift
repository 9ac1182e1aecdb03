// SPDX-License-Identifier: Apache-2.0
// Leaks: tasks that are suspended and that nothing can resume, and what they hold. No Foundation.

final class Poller: Counted {
    var task: Task<Void, Never>?
    var count = 0

    func start() {
        task = Task {
            await never()
            self.count += 1
        }
    }
}

actor Worker {
    var task: Task<Void, Never>?
    var rounds = 0
    init() { Census.born(Worker.self) }
    deinit { Census.died(Worker.self) }

    func start() -> Task<Void, Never> {
        let task = Task { await self.loop() }
        self.task = task
        return task
    }

    func loop() async {
        await never()
        rounds += 1
    }
}

final class Request: Counted {
    var task: Task<Void, Never>?
}

enum Context {
    @TaskLocal static var request: Request?
}

@inline(never)
func plantSuspended(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            await never()
            payload.number += 1
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slab", 2 * n)
}

func plantContinuation(_ n: Int) {
    plantSuspended(n)
    waitThenScrubWorkers(n)
}

/// What libdispatch and the workers still have of the tasks stays.
func plantContinuationUnscrubbed(_ n: Int) {
    plantSuspended(n)
    corpus_wait(n)
}

/// The runtime says so on stderr when the continuation dies.
@inline(never)
func plantCheckedContinuation(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in corpus_signal() }
            payload.number += 1
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slab", 2 * n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantPoller(_ n: Int) {
    for _ in 0..<n {
        let poller = Poller()
        poller.start()
        plantedTask(poller.task!)
        planted(poller, .cycle)
    }
    impliedAtLeast("task slab", n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantActor(_ n: Int) {
    for _ in 0..<n {
        let worker = Worker()
        planted(worker, .cycle)
        Task {
            plantedTask(await worker.start(), site: "Worker.start()")
            corpus_signal()
        }
    }
    impliedAtLeast("task slab", n)
    waitThenScrubWorkers(2 * n)
}

@inline(never)
func plantTaskLocal(_ n: Int) {
    for _ in 0..<n {
        let request = Request()
        Context.$request.withValue(request) {
            let task = Task { await never() }
            request.task = task
            plantedTask(task)
        }
        planted(request, .cycle)
    }
    impliedAtLeast("task slab", n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantGroup(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await never()
                    payload.number += 1
                }
            }
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("child task, closure contexts, task slabs", 4 * n)
    waitThenScrubWorkers(n)
}

@inline(never)
func plantAsyncLet(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let task = Task {
            async let nothing: Void = never()
            await nothing
            payload.number += 1
        }
        plantedTask(task)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slabs", 3 * n)
    waitThenScrubWorkers(n)
}

/// A task that waits for a task.
@inline(never)
func plantAwaitedTask(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        let first = Task { await never() }
        let second = Task {
            await first.value
            payload.number += 1
        }
        plantedTask(first)
        plantedTask(second)
        planted(payload, .owned)
    }
    impliedAtLeast("closure context, task slabs", 3 * n)
    waitThenScrubWorkers(n)
}

let stale = "used entries of libdispatch's caches, which are reachable, still hold addresses of the tasks"

let cases: [Case] = [
    .leak("continuation", plantContinuation),
    .leak("continuation_unscrubbed", fuzzy: stale, plantContinuationUnscrubbed),
    .leak("checked_continuation", plantCheckedContinuation), .leak("poller", plantPoller),
    .leak("actor", plantActor), .leak("task_local", plantTaskLocal), .leak("group", plantGroup),
    .leak("async_let", plantAsyncLet), .leak("awaited_task", plantAwaitedTask),
]

@main
struct Tasks {
    static func main() {
        runCorpus("tasks", cases + streamCases)
    }
}
