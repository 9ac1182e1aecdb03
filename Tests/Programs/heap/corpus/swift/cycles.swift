// SPDX-License-Identifier: Apache-2.0
// Leaks: retain cycles by stored properties, directly and through collections and structs. No Foundation.

final class Node: Counted {
    var next: Node?
    var other: Node?
}

final class Owner: Counted {
    let name = 7
    var child: Child?
}

final class Child: Counted {
    var owner: Owner?
    var payload: Payload?
}

class Base: Counted {
    var peer: Base?
}

final class Derived: Base {
    var extra: (Int, Int) = (1, 2)
}

final class Holder: Counted {
    var array: [Holder] = []
    var byName: [String: Holder] = [:]
    var byNumber: [Int: Holder] = [:]
    var pair: (Int8, Holder?) = (1, nil)
    var link = Link()
}

struct Link {
    var tag: UInt8 = 3
    var inner = Inner()

    struct Inner {
        var holder: Holder?
    }
}

final class Member: Counted, Hashable {
    var club: Club?
    static func == (a: Member, b: Member) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

final class Club: Counted {
    var members: Set<Member> = []
}

@inline(never)
func plantTwo(_ n: Int) {
    for _ in 0..<n {
        let owner = Owner()
        let child = Child()
        owner.child = child
        child.owner = owner
        planted(owner, .cycle)
        planted(child, .cycle)
    }
}

@inline(never)
func plantSelf(_ n: Int) {
    for _ in 0..<n {
        let node = Node()
        node.next = node
        planted(node, .cycle)
    }
}

@inline(never)
func plantRing(_ n: Int) {
    for _ in 0..<n {
        var ring: [Node] = []
        for _ in 0..<7 { ring.append(Node()) }
        for i in 0..<7 {
            ring[i].next = ring[(i + 1) % 7]
            planted(ring[i], .cycle)
        }
    }
}

@inline(never)
func plantDoublyLinked(_ n: Int) {
    for _ in 0..<n {
        var list: [Node] = []
        for _ in 0..<5 { list.append(Node()) }
        for i in 0..<4 {
            list[i].next = list[i + 1]
            list[i + 1].other = list[i]
        }
        list.forEach { planted($0, .cycle) }
    }
}

/// Two rings that share a node, and a tail that they own.
@inline(never)
func plantFigureEight(_ n: Int) {
    for _ in 0..<n {
        let (middle, left, right, tail) = (Node(), Node(), Node(), Node())
        middle.next = left
        middle.other = right
        left.next = middle
        right.next = middle
        right.other = tail
        [middle, left, right].forEach { planted($0, .cycle) }
        planted(tail, .owned)
    }
}

/// A chain of one-object payloads under a cycle.
@inline(never)
func plantOwned(_ n: Int) {
    for _ in 0..<n {
        let owner = Owner()
        let child = Child()
        let payload = Payload()
        owner.child = child
        child.owner = owner
        child.payload = payload
        planted(owner, .cycle)
        planted(child, .cycle)
        planted(payload, .owned)
    }
}

@inline(never)
func plantInherited(_ n: Int) {
    for _ in 0..<n {
        let derived = Derived()
        let base = Base()
        derived.peer = base
        base.peer = derived
        planted(derived, .cycle)
        planted(base, .cycle)
    }
}

@inline(never)
func plantArray(_ n: Int) {
    for _ in 0..<n {
        let holder = Holder()
        holder.array = [holder]
        planted(holder, .cycle)
    }
    implied("array buffer", n)
}

@inline(never)
func plantDictionary(_ n: Int) {
    for _ in 0..<n {
        let holder = Holder()
        holder.byName[String(repeating: "key ", count: 8)] = holder
        holder.byNumber[1] = holder
        planted(holder, .cycle)
    }
    implied("dictionary storage", 2 * n)
    implied("string buffer", n)
}

@inline(never)
func plantSet(_ n: Int) {
    for _ in 0..<n {
        let club = Club()
        for _ in 0..<2 {
            let member = Member()
            member.club = club
            club.members.insert(member)
            planted(member, .cycle)
        }
        planted(club, .cycle)
    }
    implied("set storage", n)
}

@inline(never)
func plantTuple(_ n: Int) {
    for _ in 0..<n {
        let holder = Holder()
        holder.pair = (2, holder)
        planted(holder, .cycle)
    }
}

@inline(never)
func plantStruct(_ n: Int) {
    for _ in 0..<n {
        let (a, b) = (Holder(), Holder())
        a.link.inner.holder = b
        b.link.inner.holder = a
        planted(a, .cycle)
        planted(b, .cycle)
    }
}

@main
struct Cycles {
    static func main() {
        runCorpus(
            "cycles",
            [
                .leak("two", plantTwo), .leak("self", plantSelf), .leak("ring", plantRing),
                .leak("doubly_linked", plantDoublyLinked), .leak("figure_eight", plantFigureEight),
                .leak("owned", plantOwned), .leak("inherited", plantInherited), .leak("array", plantArray),
                .leak("dictionary", plantDictionary), .leak("set", plantSet), .leak("tuple", plantTuple),
                .leak("struct", plantStruct),
            ])
    }
}
