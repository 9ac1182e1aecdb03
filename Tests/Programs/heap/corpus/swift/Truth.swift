// SPDX-License-Identifier: Apache-2.0
// What all Swift programs of the leak corpus share: classes that count themselves, and the main function. The counters
// and the truth line are in support/corpus.c.
import Glibc

/// What a tool should say of a planted object; README.md explains each.
enum Kind: String {
    case root, owned, cycle, task
    case weakCycle = "weak-cycle"
    case overRetained = "over-retained"
    case block = "c-block"
}

/// Names and counts of the program's own objects, by the runtime's own type names.
enum Census {
    static func born(_ type: Any.Type) { corpus_born(String(reflecting: type)) }
    static func died(_ type: Any.Type) { corpus_died(String(reflecting: type)) }
    static func living(_ type: Any.Type) -> Int { corpus_living(String(reflecting: type)) }
}

/// A class that counts its objects. The planted types inherit from it, or call `Census` themselves.
class Counted {
    init() { Census.born(type(of: self)) }
    deinit { Census.died(type(of: self)) }
}

/// A counted object without references: what closures, tasks and collections hold.
final class Payload: Counted {
    var number = 0
}

/// The runtime's answer to how many bytes an object of a class takes before and behind its address.
@_silgen_name("_swift_getSwiftClassInstanceExtents")
private func extents(_ type: AnyClass) -> (negative: UInt, positive: UInt)

/// Bytes of an object of a class, without elements behind it.
func instanceSize(_ type: AnyClass) -> Int { Int(extents(type).positive) }

/// `object`, which counts itself, is leaked. Its address goes to the truth with all bits inverted.
@inline(never)
func planted(_ object: AnyObject, _ kind: Kind, site: String = #function) {
    let size = instanceSize(type(of: object))
    let start = Unmanaged.passUnretained(object).toOpaque()
    corpus_planted(String(reflecting: type(of: object)), start, size, kind.rawValue, site)
}

/// A block or a runtime object that has no counter is leaked. `bytes` is what was asked for; 0 where that is the
/// runtime's secret.
@inline(never)
func plantedBlock(_ start: UnsafeRawPointer, type: String, bytes: Int, _ kind: Kind, site: String = #function) {
    corpus_planted_block(type, start, bytes, kind.rawValue, site)
}

/// The task, suspended for ever, is leaked.
@inline(never)
func plantedTask<Success, Failure>(_ task: Task<Success, Failure>, site: String = #function) {
    let start = unsafeBitCast(task, to: UInt.self)
    plantedBlock(UnsafeRawPointer(bitPattern: start)!, type: "Task", bytes: 0, .task, site: site)
}

/// `count` more blocks hang under the planted objects: closure contexts, array buffers and the like.
func implied(_ what: String, _ count: Int) { corpus_implied(what, count) }

/// As `implied`, but how many there are is the library's own affair.
func impliedAtLeast(_ what: String, _ count: Int) { corpus_implied_at_least(what, count) }

/// A walk from the program's roots came to `object`.
func reachable(_ object: AnyObject) { corpus_reachable(String(reflecting: type(of: object)), 1) }

/// All living objects of these types are held by something that no walk can follow; the case's `drain` proves it.
func held(_ types: any Any.Type...) {
    for type in types { corpus_held(String(reflecting: type)) }
}

/// `count` values without counters of their own were made; `check` says with `reachableValues` how many are there.
func made(_ what: String, _ count: Int) { for _ in 0..<count { corpus_born(what) } }

func reachableValues(_ what: String, _ count: Int) { corpus_reachable(what, count) }

/// Waits until `type` has no living object, for at most 20 s.
func waitUntilDead(_ types: any Any.Type...) {
    for _ in 0..<20_000 where types.contains(where: { Census.living($0) > 0 }) { usleep(1000) }
}

/// Suspends the calling task for ever: its continuation is dropped. Signals first.
@inline(never)
func never() async {
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in corpus_signal() }
}

/// Waits for `count` signals, then overwrites what the threads that run tasks still have of them: stacks, registers,
/// and libdispatch's caches of up to 1,024 continuations for each thread, whose used entries keep addresses of tasks.
/// Each thread is kept busy until all are, and then takes its whole cache for tasks that do nothing.
func waitThenScrubWorkers(_ count: Int) {
    corpus_wait(count)
    corpus_settle()
    let workers = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    for _ in 0..<workers {
        Task.detached {
            corpus_meet(Int32(workers))
            for _ in 0..<1200 {
                Task.detached {
                    corpus_scrub()
                    corpus_signal()
                }
            }
        }
    }
    corpus_wait(1200 * workers)
}

/// One case; the file's table of cases goes to `runCorpus`.
struct Case {
    var name: String
    var leaks: Bool
    var fuzzy: String?
    var plant: (Int) -> Void
    /// Walks from the program's roots and says what it meets.
    var check: () -> Void
    /// Of a clean case: lets go of what is held (CORPUS_DRAIN=1).
    var drain: () -> Void = {}
    /// Of a leak case: lets go of what only observes the leaked objects (CORPUS_DROP=1), before `check`.
    var drop: () -> Void = {}

    static func leak(
        _ name: String, fuzzy: String? = nil, check: @escaping () -> Void = {}, drop: @escaping () -> Void = {},
        _ plant: @escaping (Int) -> Void
    ) -> Case {
        Case(name: name, leaks: true, fuzzy: fuzzy, plant: plant, check: check, drop: drop)
    }

    static func clean(
        _ name: String, fuzzy: String? = nil, check: @escaping () -> Void = {}, drain: @escaping () -> Void = {},
        _ plant: @escaping (Int) -> Void
    ) -> Case {
        Case(name: name, leaks: false, fuzzy: fuzzy, plant: plant, check: check, drain: drain)
    }
}

private final class Errand {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}

/// Runs `body` on a thread that ends, with an overwritten stack.
private func onThread(_ body: @escaping () -> Void) {
    let errand = Unmanaged.passRetained(Errand(body)).toOpaque()
    corpus_on_thread({ Unmanaged<Errand>.fromOpaque($0!).takeRetainedValue().body() }, errand)
}

/// The program's main: `list`, or a case and how often it plants (1 to 100,000, 10 unless told).
func runCorpus(_ program: String, _ cases: [Case]) {
    let arguments = CommandLine.arguments
    if arguments.count == 2, arguments[1] == "list" {
        for each in cases { print("\(program).\(each.name) \(each.leaks ? "leak" : "clean")") }
        return
    }
    let repeats = arguments.count == 3 ? Int(arguments[2]) ?? 0 : 10
    guard (2...3).contains(arguments.count), (1...100_000).contains(repeats),
        let chosen = cases.first(where: { $0.name == arguments[1] })
    else {
        fputs("usage: \(program) list | CASE [N], N from 1 to 100000; `list` shows the cases\n", stderr)
        exit(2)
    }
    let name = "\(program).\(chosen.name)"
    onThread { chosen.plant(repeats) }
    if getenv("CORPUS_DROP") != nil { onThread(chosen.drop) }
    corpus_settle()
    onThread(chosen.check)
    corpus_say(name, chosen.leaks ? 1 : 0, chosen.fuzzy)
    if corpus_draining() == 1 {
        onThread(chosen.drain)
        corpus_say_drained(name)
    }
    exit(0)
}
