// SPDX-License-Identifier: Apache-2.0
// Leaks: cycles through Foundation and Dispatch objects, and Foundation values that cycles own.
import Dispatch
import Foundation

final class Blob: Counted {
    var me: Blob?
    var data = Data()
    var json: Any?
    var url: URL?
    var center: NotificationCenter?
    var token: (any NSObjectProtocol)?
    var timer: Timer?
    var thread: Thread?
    var predicate: NSPredicate?
    var cache: NSCache<NSString, Blob>?
    var source: (any DispatchSourceTimer)?
    var queue: DispatchQueue?
    var item: DispatchWorkItem?
    var fired = 0
}

final class Step: Operation, @unchecked Sendable {
    override init() {
        super.init()
        Census.born(Step.self)
    }
    deinit { Census.died(Step.self) }
}

final class Model: NSObject {
    var parent: Model?
    override init() {
        super.init()
        Census.born(Model.self)
    }
    deinit { Census.died(Model.self) }
}

@inline(never)
func plantData(_ n: Int) {
    for i in 0..<n {
        let blob = Blob()
        blob.me = blob
        blob.data = Data(repeating: 0x5a, count: 4000 + i % 100)
        planted(blob, .cycle)
    }
    implied("data storage and bytes", 2 * n)
}

@inline(never)
func plantJSON(_ n: Int) throws {
    let text = Data(#"{"a": [1, 2.5, "a string that is not short at all"], "b": {"c": null, "d": true}}"#.utf8)
    for _ in 0..<n {
        let blob = Blob()
        blob.me = blob
        blob.json = try JSONSerialization.jsonObject(with: text)
        planted(blob, .cycle)
    }
    impliedAtLeast("parsed values", n)
}

/// A centre of its own, whose observer block holds it.
@inline(never)
func plantNotificationCenter(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        let center = NotificationCenter()
        blob.center = center
        blob.token = center.addObserver(forName: Notification.Name("tick"), object: nil, queue: nil) { _ in
            blob.fired += 1
        }
        center.post(name: Notification.Name("tick"), object: nil)
        planted(blob, .cycle)
    }
    impliedAtLeast("center, observer, tables", n)
}

/// Never scheduled, never invalidated.
@inline(never)
func plantTimer(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        blob.timer = Timer(timeInterval: 1, repeats: true) { _ in blob.fired += 1 }
        planted(blob, .cycle)
    }
    impliedAtLeast("timer", n)
}

/// Never started.
@inline(never)
func plantThread(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        blob.thread = Thread { blob.fired += 1 }
        planted(blob, .cycle)
    }
    impliedAtLeast("thread", n)
}

@inline(never)
func plantOperation(_ n: Int) {
    for _ in 0..<n {
        let step = Step()
        step.completionBlock = { step.cancel() }
        planted(step, .cycle)
    }
    impliedAtLeast("operation state", n)
}

@inline(never)
func plantArray(_ n: Int) {
    for _ in 0..<n {
        let array = NSMutableArray()
        let model = Model()
        array.add(array)
        array.add(model)
        plantedBlock(
            Unmanaged.passUnretained(array).toOpaque(), type: "Foundation.NSMutableArray",
            bytes: instanceSize(NSMutableArray.self), .cycle)
        planted(model, .owned)
    }
    implied("array buffer", n)
}

@inline(never)
func plantObject(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Model(), Model())
        a.parent = b
        b.parent = a
        planted(a, .cycle)
        planted(b, .cycle)
    }
}

@inline(never)
func plantCache(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        let cache = NSCache<NSString, Blob>()
        cache.setObject(blob, forKey: "blob")
        blob.cache = cache
        planted(blob, .cycle)
    }
    impliedAtLeast("cache and its entries", n)
}

@inline(never)
func plantPredicate(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        blob.predicate = NSPredicate { _, _ in blob.fired > 0 }
        planted(blob, .cycle)
    }
    impliedAtLeast("predicate", n)
}

/// A timer source that was never activated: the kernel and libdispatch do not know it.
@inline(never)
func plantDispatchSource(_ n: Int) {
    let queue = DispatchQueue.global()
    for _ in 0..<n {
        let blob = Blob()
        let source = DispatchSource.makeTimerSource(queue: queue)
        source.setEventHandler { blob.fired += 1 }
        blob.source = source
        planted(blob, .cycle)
    }
    impliedAtLeast("source, handler", n)
}

/// Work on a suspended queue that its own work holds.
@inline(never)
func plantSuspendedQueue(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        let queue = DispatchQueue(label: "corpus.suspended")
        queue.suspend()
        queue.async { blob.fired += 1 }
        blob.queue = queue
        planted(blob, .cycle)
    }
    impliedAtLeast("queue, block", n)
}

@inline(never)
func plantWorkItem(_ n: Int) {
    for _ in 0..<n {
        let blob = Blob()
        blob.item = DispatchWorkItem { blob.fired += 1 }
        planted(blob, .cycle)
    }
    impliedAtLeast("work item, block", n)
}

@main
struct FoundationCases {
    static func main() {
        runCorpus(
            "foundation",
            [
                .leak("data", plantData), .leak("json", { try! plantJSON($0) }),
                .leak("notification_center", plantNotificationCenter), .leak("timer", plantTimer),
                .leak("thread", plantThread), .leak("operation", plantOperation), .leak("array", plantArray),
                .leak("object", plantObject), .leak("cache", plantCache), .leak("predicate", plantPredicate),
                .leak("dispatch_source", plantDispatchSource), .leak("suspended_queue", plantSuspendedQueue),
                .leak("work_item", plantWorkItem),
            ])
    }
}
