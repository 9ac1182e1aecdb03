// SPDX-License-Identifier: Apache-2.0
// Tasks that nothing can resume any more, beside tasks that sleep, wait for each other, or are resumed later.
import Dispatch

final class Token { var text = "held by a suspended task" }
final class Owner {
    var task: Task<Void, Never>?; var token = Token()
    func start() {
        task = Task {
            await withUnsafeContinuation { (c: UnsafeContinuation<Void, Never>) in _ = c }; print(self.token)
        }
    }
}
actor Store { var items = [Token()]; func add() { items.append(Token()) }; var count: Int { items.count } }

nonisolated(unsafe) var pending: [UnsafeContinuation<Void, Never>] = []
nonisolated(unsafe) var store = Store()
nonisolated(unsafe) var started = DispatchSemaphore(value: 0)

func suspendForEver(_ token: Token) async {
    await withUnsafeContinuation { (c: UnsafeContinuation<Void, Never>) in started.signal() }
    print(token.text)
}
func suspendForNow(_ token: Token) async {
    await withUnsafeContinuation { (c: UnsafeContinuation<Void, Never>) in
        pending.append(c); started.signal()
    }
    print(token.text)
}

/// Runs each step of a task on a thread of its own that ends: a worker's frames may keep stale words of tasks.
final class EndedThreads: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        onEndedThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
let endedThreads = EndedThreads()

@inline(never) func plantTask() {
    let token = Token()
    planted("owned-by-task", token, "tasks.Token")
    Task.detached(executorPreference: endedThreads) { await suspendForEver(token) }
}
@inline(never) func keepTasks() {
    let token = Token(), sleeper = Token()
    kept(token, "tasks.Token"); kept(sleeper, "tasks.Token")
    Task.detached { await suspendForNow(token) }
    Task.detached {
        try? await Task.sleep(nanoseconds: 1_000_000_000_000); print(sleeper.text)
    }
    Task.detached {
        async let a = store.count; await store.add(); _ = await a; started.signal()
    }
}
for _ in 0..<3 { onEndedThread { plantTask() }; started.wait() }
onEndedThread { keepTasks() }
started.wait(); started.wait()
// The workers are idle when the main queue's barrier has come round: then nothing runs on a stale stack.
for _ in 0..<8 { let group = DispatchGroup(); DispatchQueue.global().async(group: group) { wipeStack() }; group.wait() }
wipeStack()
