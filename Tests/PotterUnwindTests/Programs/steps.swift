// SPDX-License-Identifier: Apache-2.0
// Asynchronous Swift for the stepper, which follows one thread: async functions that await, throw, yield, and run on the
// main actor, which is the main thread.
import Glibc

struct Failure: Error {}

@inline(never) func burn(_ x: Int) -> Int {
    var x = x
    for i in 0..<20 { x = (x ^ (x >> 7)) &* 31 &+ i }
    return x
}

@MainActor @inline(never) func first(_ x: Int) async -> Int {
    let text = String(burn(x))
    let y = await second(x &+ text.utf8.count)
    return burn(y) &+ text.count
}

@MainActor @inline(never) func second(_ x: Int) async -> Int {
    var sum = 0
    for i in 0..<3 {
        do { sum &+= try await third(x &+ i) } catch { sum &+= burn(i) }
        await Task.yield()
    }
    return sum
}

@MainActor @inline(never) func third(_ x: Int) async throws -> Int {
    if x % 3 == 0 { throw Failure() }
    let values = await withTaskGroup(of: Int.self) { group in
        for i in 0..<2 { group.addTask { @MainActor in burn(x &+ i) } }
        return await group.reduce(0, &+)
    }
    return burn(values)
}

@main struct Steps {
    @MainActor static func main() async {
        var sum = 0
        let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1 : 1
        for i in 0..<rounds { sum &+= await first(i) }
        print("done", sum)
    }
}
