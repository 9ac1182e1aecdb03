// SPDX-License-Identifier: Apache-2.0
// No leaks: references whose words are not plain addresses (tags in spare bits, side tables), and the forms of existing
// values. All are reached from globals; `check` walks them. No Foundation.

enum Two {
    case first(Payload), second(Payload)
}

enum Five {
    case a(Payload), b(Payload), c(Payload), d(Payload), e(Payload), none, other
}

enum Either<Left: AnyObject, Right: AnyObject> {
    case left(Left), right(Right)
}

enum Mixed {
    case number(Int32), object(Payload), text(String), pair(Payload, UInt8)
}

indirect enum Tree {
    case leaf(Payload), node(Tree, Tree), empty
}

enum Chain {
    case end
    indirect case link(Payload, Chain)
}

struct Failure: Error {
    var payload: Payload
}

protocol Shape {
    var payload: Payload { get }
}

struct Small: Shape { var payload: Payload }

struct Large: Shape {
    var a = 1
    var b = 2
    var c = 3
    var payload: Payload
}

nonisolated(unsafe) var twos: [Two] = []
nonisolated(unsafe) var fives: [Five] = []
nonisolated(unsafe) var optionalFives: [Five?] = []
nonisolated(unsafe) var eithers: [Either<Payload, Payload>] = []
nonisolated(unsafe) var mixed: [Mixed] = []
nonisolated(unsafe) var tree = Tree.empty
nonisolated(unsafe) var chain = Chain.end
nonisolated(unsafe) var errors: [any Error] = []
nonisolated(unsafe) var results: [Result<Payload, Failure>] = []
nonisolated(unsafe) var shapes: [any Shape] = []
nonisolated(unsafe) var anything: [Any] = []
nonisolated(unsafe) var hashables: [AnyHashable: Int] = [:]
nonisolated(unsafe) var closures: [() -> Payload] = []
nonisolated(unsafe) var texts: [String] = []
nonisolated(unsafe) var pieces: [Substring] = []
nonisolated(unsafe) var bridged: [Unmanaged<Payload>] = []
nonisolated(unsafe) var nested: [Two??] = []

extension Tree {
    func walk() {
        switch self {
        case .leaf(let payload): reachable(payload)
        case .node(let left, let right):
            left.walk()
            right.walk()
        case .empty: break
        }
    }
}

func checkTwos() {
    for two in twos + nested.map({ $0!! }) {
        switch two {
        case .first(let payload), .second(let payload): reachable(payload)
        }
    }
}

func checkFives() {
    for five in fives + optionalFives.compactMap({ $0 }) {
        switch five {
        case .a(let p), .b(let p), .c(let p), .d(let p), .e(let p): reachable(p)
        case .none, .other: break
        }
    }
}

func checkMixed() {
    for each in mixed {
        switch each {
        case .object(let payload), .pair(let payload, _): reachable(payload)
        case .number, .text: break
        }
    }
}

func checkChain() {
    var rest = chain
    while case .link(let payload, let next) = rest {
        reachable(payload)
        rest = next
    }
}

func checkHashables() {
    for key in hashables.keys { reachable(key.base as! Member) }
}

final class Member: Counted, Hashable {
    static func == (a: Member, b: Member) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

@inline(never)
func fives(_ n: Int) -> [Five] {
    var all: [Five] = [.none, .other]
    for _ in 0..<n {
        all += [.a(Payload()), .b(Payload()), .c(Payload()), .d(Payload()), .e(Payload())]
    }
    return all
}

@inline(never)
func makeTree(_ n: Int) -> Tree {
    n <= 1 ? .leaf(Payload()) : .node(makeTree(n / 2), .node(.empty, makeTree(n - n / 2)))
}

let cases: [Case] = [
    .clean("two_payloads", check: checkTwos) { n in
        for i in 0..<n { twos.append(i % 2 == 0 ? .first(Payload()) : .second(Payload())) }
    },
    .clean("optional_two_payloads", check: checkTwos) { n in for _ in 0..<n { nested.append(.second(Payload())) } },
    .clean("five_payloads", check: checkFives) { n in fives = fives(n) },
    .clean("optional_five_payloads", check: checkFives) { n in optionalFives = fives(n) + [nil] },
    .clean("generic_enum", check: { eithers.forEach { if case .right(let payload) = $0 { reachable(payload) } } }) {
        n in
        for _ in 0..<n { eithers.append(.right(Payload())) }
    },
    .clean("mixed_payloads", check: checkMixed) { n in
        for i in 0..<n {
            mixed += [.object(Payload()), .number(Int32(i)), .pair(Payload(), 200)]
            mixed.append(.text(String(repeating: "x", count: 40 + i % 7)))
        }
    },
    .clean("indirect_enum", check: { tree.walk() }) { n in tree = makeTree(n) },
    .clean("indirect_case", check: checkChain) { n in for _ in 0..<n { chain = .link(Payload(), chain) } },
    .clean("error", check: { errors.forEach { reachable(($0 as! Failure).payload) } }) { n in
        for _ in 0..<n { errors.append(Failure(payload: Payload())) }
    },
    .clean(
        "result",
        check: { results.forEach { reachable((try? $0.get()) ?? ($0 as Result<Payload, Failure>).failure!.payload) } }
    ) { n in
        for i in 0..<n { results.append(i % 2 == 0 ? .success(Payload()) : .failure(Failure(payload: Payload()))) }
    },
    .clean("existential", check: { shapes.forEach { reachable($0.payload) } }) { n in
        for i in 0..<n { shapes.append(i % 2 == 0 ? Small(payload: Payload()) : Large(payload: Payload())) }
    },
    .clean("any", check: { anything.forEach { reachable((($0 as? (Int, Int, Int, Payload))?.3 ?? $0) as! Payload) } }) {
        n in
        for i in 0..<n { anything.append(i % 2 == 0 ? Payload() : (1, 2, 3, Payload())) }
    },
    .clean("any_hashable", check: checkHashables) { n in for i in 0..<n { hashables[AnyHashable(Member())] = i } },
    .clean("closure", check: { closures.forEach { reachable($0()) } }) { n in
        for i in 0..<n {
            let payload = Payload()
            closures.append {
                payload.number += i
                return payload
            }
        }
    },
    .clean("string", check: { reachableValues("String", texts.count + pieces.count) }) { n in
        made("String", 2 * n)
        for i in 0..<n {
            texts.append(String(repeating: "heap ", count: 20 + i % 9))
            pieces.append(String(repeating: "slice ", count: 30).dropFirst(100))
        }
    },
    .clean("unmanaged", check: { bridged.forEach { reachable($0.takeUnretainedValue()) } }) { n in
        for _ in 0..<n { bridged.append(.passRetained(Payload())) }
    },
]

extension Result {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

@main
struct Tagged {
    static func main() { runCorpus("tagged", cases) }
}
