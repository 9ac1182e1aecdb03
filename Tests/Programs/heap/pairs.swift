// SPDX-License-Identifier: Apache-2.0
// CPU time of making and releasing an object below 20 frames: Scripts/bench heap. Prints ns, the median of ten parts.
//   pairs PAIRS
import Glibc

final class Box {
    var value: Int
    init(_ value: Int) { self.value = value }
}

/// Kept until the next one comes: an object that nobody else sees would be put on the stack.
nonisolated(unsafe) var kept: Box?

@inline(never) func make(_ value: Int) -> Int {
    let box = Box(value)
    kept = box
    return box.value
}
@inline(never) func down(_ frames: Int, _ value: Int) -> Int {
    frames > 0 ? down(frames - 1, value) &+ 1 : make(value)
}

/// CPU time of this thread, ns.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

@main struct Pairs {
    static func main() {
        guard CommandLine.arguments.count == 2, let pairs = Int(CommandLine.arguments[1]) else { return }
        var sum = 0
        let parts = (0..<11).map { _ -> Double in
            let start = now()
            for pair in 0..<pairs / 10 { sum &+= down(18, pair) }
            return (now() - start) / Double(pairs / 10)
        }
        print(parts.dropFirst().sorted()[5], sum == 42 ? "?" : "")
    }
}
