// SPDX-License-Identifier: Apache-2.0
// Leaks: cycles through generic classes, existential containers, enum payloads and error boxes. No Foundation.

final class Cell<Value>: Counted {
    var value: Value?
    var next: Cell<Value>?
}

final class Outer<A>: Counted {
    final class Inner<B>: Counted {
        var outer: Outer<A>?
        var values: (A?, B?) = (nil, nil)
    }
    var inner: Inner<Int>?
}

protocol Part {
    var weight: Int { get }
}

/// Fits into an existential container.
struct SmallPart: Part {
    var owner: Assembly
    var weight: Int { 1 }
}

/// Does not: the container holds a box.
struct LargePart: Part {
    var a = 1
    var b = 2
    var c = 3
    var owner: Assembly
    var weight: Int { a + b + c }
}

final class Assembly: Counted {
    var part: (any Part)?
    var anything: Any?
    var key: AnyHashable?
    var error: (any Error)?
    var outcome: Result<Assembly, Broken>?
    var state = State.idle
    var shape = Shape.point
    var deep: Assembly??
}

struct Broken: Error {
    var code = 5
    var culprit: Assembly
}

struct HashableOwner: Hashable {
    var owner: Assembly
    static func == (a: HashableOwner, b: HashableOwner) -> Bool { a.owner === b.owner }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(owner)) }
}

/// Several payloads: the case is in spare bits of the pointer.
enum State {
    case idle, running(Assembly), waiting(Payload), broken(Assembly), stopped
}

indirect enum Shape {
    case point, group(Shape, Shape), owned(Assembly)
}

@inline(never)
func plantGeneric(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Cell<Int>(), Cell<Int>())
        a.next = b
        b.next = a
        planted(a, .cycle)
        planted(b, .cycle)
        let text = Cell<[String: Double]>()
        text.next = text
        planted(text, .cycle)
    }
}

@inline(never)
func plantNestedGeneric(_ n: Int) {
    for _ in 0..<n {
        let outer = Outer<Payload>()
        let inner = Outer<Payload>.Inner<Int>()
        let payload = Payload()
        outer.inner = inner
        inner.outer = outer
        inner.values.0 = payload
        planted(outer, .cycle)
        planted(inner, .cycle)
        planted(payload, .owned)
    }
}

@inline(never)
func plantExistential(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        assembly.part = SmallPart(owner: assembly)
        planted(assembly, .cycle)
    }
}

@inline(never)
func plantExistentialBox(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        assembly.part = LargePart(owner: assembly)
        planted(assembly, .cycle)
    }
    implied("existential box", n)
}

@inline(never)
func plantAny(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Assembly(), Assembly())
        a.anything = b
        b.anything = (1, 2, 3, a)
        planted(a, .cycle)
        planted(b, .cycle)
    }
    implied("existential box", n)
}

@inline(never)
func plantAnyHashable(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        assembly.key = AnyHashable(HashableOwner(owner: assembly))
        planted(assembly, .cycle)
    }
}

@inline(never)
func plantEnumPayload(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Assembly(), Assembly())
        a.state = .running(b)
        b.state = .broken(a)
        planted(a, .cycle)
        planted(b, .cycle)
    }
}

@inline(never)
func plantEnumOwned(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        let payload = Payload()
        assembly.state = .waiting(payload)
        assembly.deep = .some(.some(assembly))
        planted(assembly, .cycle)
        planted(payload, .owned)
    }
}

@inline(never)
func plantIndirectEnum(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        assembly.shape = .group(.owned(assembly), .group(.point, .owned(assembly)))
        planted(assembly, .cycle)
    }
    implied("indirect enum box", 4 * n)
}

@inline(never)
func plantError(_ n: Int) {
    for _ in 0..<n {
        let assembly = Assembly()
        assembly.error = Broken(culprit: assembly)
        planted(assembly, .cycle)
    }
    implied("error box", n)
}

@inline(never)
func plantResult(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Assembly(), Assembly())
        a.outcome = .success(b)
        b.outcome = .failure(Broken(culprit: a))
        planted(a, .cycle)
        planted(b, .cycle)
    }
}

@main
struct Generics {
    static func main() {
        runCorpus(
            "generics",
            [
                .leak("generic", plantGeneric), .leak("nested_generic", plantNestedGeneric),
                .leak("existential", plantExistential), .leak("existential_box", plantExistentialBox),
                .leak("any", plantAny), .leak("any_hashable", plantAnyHashable),
                .leak("enum_payload", plantEnumPayload), .leak("enum_owned", plantEnumOwned),
                .leak("indirect_enum", plantIndirectEnum), .leak("error", plantError), .leak("result", plantResult),
            ])
    }
}
