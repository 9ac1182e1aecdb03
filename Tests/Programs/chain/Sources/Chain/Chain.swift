// SPDX-License-Identifier: Apache-2.0
// chain.c in Swift: a generic function, a protocol's method, a closure, a throwing function.
import Glibc

@inline(never)
func leaf(_ start: UInt64, rounds: UInt64) -> UInt64 {
    var x = start
    for i in 0..<rounds { x = (x ^ (x >> 31)) &* 0x9e37_79b9_7f4a_7c15 &+ i }
    return x
}

protocol Work {
    func d(_ x: UInt64) throws -> UInt64
}

struct Overflow: Error {}

final class Worker: Work {
    var seed: [UInt64] = [5]

    @inline(never)
    func d(_ x: UInt64) throws -> UInt64 {
        seed[0] &+= x
        if x == 17 { throw Overflow() }
        return leaf(x, rounds: 3000 + x % 1000) ^ seed[0]
    }
}

@inline(never)
func c<Number: FixedWidthInteger>(_ worker: any Work, _ x: Number) throws -> Number {
    try Number(truncatingIfNeeded: worker.d(UInt64(truncatingIfNeeded: x))) &+ 1
}

@inline(never)
func b(_ worker: any Work, _ x: UInt64) -> UInt64 {
    do {
        return try c(worker, x &+ 2) &* 3
    } catch {
        return 1
    }
}

@inline(never)
func a(_ worker: any Work, _ x: UInt64) -> UInt64 {
    b(worker, x &+ 3) &+ 7
}

@main
struct Chain {
    static func main() {
        let seconds = CommandLine.arguments.count > 1 ? Double(CommandLine.arguments[1]) ?? 1 : 1
        let worker: any Work = Worker()
        var (t, x) = (timespec(), UInt64(1))
        while Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9 < seconds {
            for _ in 0..<1000 { x = a(worker, x) }
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
        }
        if x == 0 { print(x) }
    }
}
