// SPDX-License-Identifier: Apache-2.0
// Leaks: cycles that live objects still observe, weakly or unowned. A tool that takes a weak reference for a strong one
// sees none of them. The observers are reachable, and so are the side tables that they refer to. No Foundation.

final class Session: Counted {
    var me: Session?
    var peer: Session?
    unowned var creator: Session?
    weak var buddy: Session?
    var onClose: (() -> Void)?
}

final class Watcher: Counted {
    weak var session: Session?
    unowned var fixed: Session?
    unowned(unsafe) var unsafe: Session?
    var onTick: (() -> Bool)?
}

struct WeakSlot {
    weak var session: Session?
}

nonisolated(unsafe) var watchers: [Watcher] = []
nonisolated(unsafe) var slots: [WeakSlot] = []
nonisolated(unsafe) var slotsByNumber: [Int: WeakSlot] = [:]

func checkWatchers() { watchers.forEach { reachable($0) } }

/// Without observers every tool can see what is leaked: the control of these cases.
func dropObservers() {
    watchers = []
    slots = []
    slotsByNumber = [:]
}

@inline(never)
func plantWeak(_ n: Int) {
    for _ in 0..<n {
        let session = Session()
        session.me = session
        let watcher = Watcher()
        watcher.session = session
        watchers.append(watcher)
        planted(session, .weakCycle)
    }
}

@inline(never)
func plantWeakPair(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Session(), Session())
        a.peer = b
        b.peer = a
        let watcher = Watcher()
        watcher.session = a
        watchers.append(watcher)
        planted(a, .weakCycle)
        planted(b, .weakCycle)
    }
}

@inline(never)
func plantUnowned(_ n: Int) {
    for _ in 0..<n {
        let session = Session()
        session.me = session
        let watcher = Watcher()
        watcher.fixed = session
        watchers.append(watcher)
        planted(session, .weakCycle)
    }
}

@inline(never)
func plantUnownedUnsafe(_ n: Int) {
    for _ in 0..<n {
        let session = Session()
        session.me = session
        let watcher = Watcher()
        watcher.unsafe = session
        watchers.append(watcher)
        planted(session, .weakCycle)
    }
}

/// The weak reference is a capture.
@inline(never)
func plantWeakCapture(_ n: Int) {
    for _ in 0..<n {
        let session = Session()
        session.me = session
        let watcher = Watcher()
        watcher.onTick = { [weak session] in session != nil }
        watchers.append(watcher)
        planted(session, .weakCycle)
    }
}

@inline(never)
func plantRegistry(_ n: Int) {
    for _ in 0..<n {
        let session = Session()
        session.onClose = { session.peer = nil }
        slots.append(WeakSlot(session: session))
        planted(session, .weakCycle)
    }
}

@inline(never)
func plantDictionaryRegistry(_ n: Int) {
    for i in 0..<n {
        let session = Session()
        session.me = session
        slotsByNumber[i] = WeakSlot(session: session)
        planted(session, .weakCycle)
    }
}

/// Weak and unowned references inside of the cycle itself; nothing alive observes it.
@inline(never)
func plantInnerWeak(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Session(), Session())
        a.peer = b
        b.peer = a
        a.creator = b
        b.buddy = a
        planted(a, .cycle)
        planted(b, .cycle)
    }
    implied("side table", n)
}

func observed(_ name: String, _ plant: @escaping (Int) -> Void) -> Case {
    .leak(name, check: checkWatchers, drop: dropObservers, plant)
}

@main
struct Observed {
    static func main() {
        runCorpus(
            "observed",
            [
                observed("weak", plantWeak), observed("weak_pair", plantWeakPair), observed("unowned", plantUnowned),
                observed("unowned_unsafe", plantUnownedUnsafe), observed("weak_capture", plantWeakCapture),
                observed("weak_registry", plantRegistry), observed("weak_dictionary", plantDictionaryRegistry),
                .leak("inner_weak", plantInnerWeak),
            ])
    }
}
