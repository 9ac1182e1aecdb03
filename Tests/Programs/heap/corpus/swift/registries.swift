// SPDX-License-Identifier: Apache-2.0
// No leaks: weak and unowned references, singletons, caches, pools, slices, interior pointers. No Foundation.
import Glibc

final class Entry: Counted {
    var next: Entry?
    var parent: Entry?
    var children: [Entry] = []
    weak var me: Entry?
    unowned var fixed: Entry?
    weak var delegate: Entry?
    var action: (() -> Int)?
    var number = 0
}

final class Singleton: Counted {
    nonisolated(unsafe) static let shared = Singleton()
    var entries: [Entry] = []
}

struct WeakSlot { weak var entry: Entry? }

struct UnownedSlot { unowned var entry: Entry }

/// Keeps the newest `limit` entries.
final class BoundedCache: Counted {
    let limit = 8
    var values: [Int: Entry] = [:]
    var order: [Int] = []

    func insert(_ entry: Entry, for key: Int) {
        values[key] = entry
        order.append(key)
        if order.count > limit { values[order.removeFirst()] = nil }
    }
}

/// Its elements lie behind it.
final class Pool: ManagedBuffer<Int, Entry> {
    deinit { withUnsafeMutablePointers { _ = $1.deinitialize(count: $0.pointee) } }
}

nonisolated(unsafe) var weakSlots: [WeakSlot] = []
nonisolated(unsafe) var unownedSlots: [UnownedSlot] = []
nonisolated(unsafe) var entries: [Entry] = []
nonisolated(unsafe) var slice: ArraySlice<Entry> = []
nonisolated(unsafe) var cache = BoundedCache()
nonisolated(unsafe) var head: Entry?
nonisolated(unsafe) var interior: UnsafeMutablePointer<Entry>?
nonisolated(unsafe) var interiorCount = 0
nonisolated(unsafe) var ring: UnsafeMutableBufferPointer<Entry?> = .init(start: nil, count: 0)
nonisolated(unsafe) var pool: ManagedBuffer<Int, Entry>?
nonisolated(unsafe) var memo: [String: [Entry]] = [:]
nonisolated(unsafe) var paths: [PartialKeyPath<Entry>] = []
nonisolated(unsafe) var actions: [() -> Int] = []
nonisolated(unsafe) var pair: (Int8, Entry?, (Entry?, Int)) = (0, nil, (nil, 0))
nonisolated(unsafe) var root: Entry?

func checkEntries() { entries.forEach { reachable($0) } }

func walk(_ entry: Entry?) {
    guard let entry else { return }
    reachable(entry)
    entry.children.forEach(walk)
}

func checkHead() {
    var next = head
    while let entry = next {
        reachable(entry)
        next = entry.next
    }
}

/// n x 300 entries in one list; the list is never freed, so its recursion is no matter.
@inline(never)
func makeList(_ n: Int) {
    for _ in 0..<n * 300 {
        let entry = Entry()
        entry.next = head
        head = entry
    }
}

/// Parents and children know each other, and the root is reachable: cycles, but no leak.
@inline(never)
func makeFamily(_ n: Int) {
    root = Entry()
    for _ in 0..<n {
        let child = Entry()
        child.parent = root
        child.children = [Entry(), Entry()]
        child.children.forEach { $0.parent = child }
        root!.children.append(child)
    }
}

@inline(never)
func makeRing(_ n: Int) {
    ring = .allocate(capacity: n + 3)
    ring.initialize(repeating: nil)
    for i in 0..<n { ring[(i + n / 2) % (n + 3)] = Entry() }
}

@inline(never)
func makePool(_ n: Int) {
    pool = Pool.create(minimumCapacity: n + 1) { _ in 0 }
    pool!.withUnsafeMutablePointers { count, elements in
        for i in 0..<n { (elements + i).initialize(to: Entry()) }
        count.pointee = n
    }
}

/// The one pointer leads into the middle of the block; it is the program's only way to it.
@inline(never)
func makeInterior(_ n: Int) {
    let start = UnsafeMutablePointer<Entry>.allocate(capacity: 2 * n)
    for i in 0..<2 * n { (start + i).initialize(to: Entry()) }
    interior = start + n
    interiorCount = n
}

let cases: [Case] = [
    .clean("weak_registry") { n in
        for _ in 0..<n {
            let entry = Entry()
            weakSlots.append(WeakSlot(entry: entry))
        }
    },
    .clean("weak_dropped", check: checkEntries) { n in
        for _ in 0..<n {
            entries.append(Entry())
            let slot = WeakSlot(entry: entries.last)
            precondition(slot.entry != nil)
        }
    },
    .clean("weak_observed", check: checkEntries) { n in
        for _ in 0..<n {
            entries.append(Entry())
            weakSlots.append(WeakSlot(entry: entries.last))
        }
    },
    .clean("weak_self") { n in
        for _ in 0..<n {
            let entry = Entry()
            entry.me = entry
        }
    },
    // Dead objects whose memory lives as long as the unowned references do.
    .clean("unowned_dead") { n in
        for _ in 0..<n {
            let entry = Entry()
            unownedSlots.append(UnownedSlot(entry: entry))
        }
    },
    .clean("weak_delegate", check: checkEntries) { n in
        for _ in 0..<n {
            let (view, screen) = (Entry(), Entry())
            view.delegate = screen
            screen.next = view
            view.fixed = screen
            entries.append(screen)
            entries.append(view)
        }
    },
    .clean("weak_capture") { n in
        for _ in 0..<n {
            let entry = Entry()
            entry.action = { [weak entry] in entry?.number ?? 0 }
            entry.number = entry.action!()
        }
    },
    .clean("unowned_capture") { n in
        for _ in 0..<n {
            let entry = Entry()
            entry.action = { [unowned entry] in entry.number }
            entry.number = entry.action!()
        }
    },
    .clean(
        "singleton",
        check: {
            reachable(Singleton.shared)
            Singleton.shared.entries.forEach { reachable($0) }
        }
    ) { n in for _ in 0..<n { Singleton.shared.entries.append(Entry()) } },
    .clean(
        "bounded_cache",
        check: {
            reachable(cache)
            cache.values.values.forEach { reachable($0) }
        }
    ) { n in for i in 0..<20 * n { cache.insert(Entry(), for: i) } },
    .clean("memo", check: { memo.values.joined().forEach { reachable($0) } }) { n in
        for i in 0..<n { memo["a key of more than fifteen bytes \(i)"] = [Entry(), Entry(), Entry()] }
    },
    // Arrays that have grown into the slack of their blocks.
    .clean("array_slack", check: checkEntries) { n in
        for _ in 0..<n {
            let owner = Entry()
            for _ in 0..<3 { owner.children.append(Entry()) }
            entries.append(owner)
            entries += owner.children
        }
        for _ in 0..<n { entries.append(Entry()) }
    },
    .clean("array_shrunk", check: checkEntries) { n in
        for _ in 0..<8 * n { entries.append(Entry()) }
        entries.removeLast(7 * n)
    },
    .clean("array_slice", check: { held(Entry.self) }, drain: { slice = [] }) { n in
        var all: [Entry] = []
        for _ in 0..<n { all.append(Entry()) }
        slice = all[(n / 2)...]
    },
    .clean("long_list", check: checkHead, makeList),
    .clean("family", check: { walk(root) }, makeFamily),
    .clean("ring", check: { ring.forEach { if let entry = $0 { reachable(entry) } } }, makeRing),
    .clean(
        "pool",
        check: {
            pool!.withUnsafeMutablePointers { count, elements in
                for i in 0..<count.pointee { reachable(elements[i]) }
            }
        }, makePool),
    .clean(
        "interior_pointer", check: { for i in -interiorCount..<interiorCount { reachable(interior![i]) } }, makeInterior
    ),
    .clean("key_paths", check: { reachableValues("KeyPath", paths.count) }) { n in
        made("KeyPath", n)
        for _ in 0..<n {
            let path: KeyPath<Entry, Entry?> = \.next
            paths.append(path.appending(path: \.?.number))
        }
    },
    .clean(
        "tuple",
        check: {
            walk(pair.1)
            walk(pair.2.0)
        }
    ) { _ in pair = (1, Entry(), (Entry(), 2)) },
    .clean("churn") { n in
        for i in 0..<100 * n {
            let entry = Entry()
            entry.next = Entry()
            entry.children = [Entry()]
            entry.action = { i }
            entry.number = entry.action!()
        }
    },
]

@main
struct Registries {
    static func main() { runCorpus("registries", cases) }
}
