// SPDX-License-Identifier: Apache-2.0
// Time of making and releasing an object below 20 frames: Scripts/bench heap. Prints ns, the median of ten parts.
//   pairs PAIRS
final class Box {
    var value: Int
    init(_ value: Int) { self.value = value }
}

@inline(never) func make(_ value: Int) -> Int {
    let box = Box(value)
    return use(box)
}
@inline(never) func use(_ box: Box) -> Int { box.value }
@inline(never) func down(_ frames: Int, _ value: Int) -> Int {
    frames > 0 ? down(frames - 1, value) &+ 1 : make(value)
}

@main struct Pairs {
    static func main() {
        guard CommandLine.arguments.count == 2, let pairs = Int(CommandLine.arguments[1]) else { return }
        let clock = ContinuousClock()
        var sum = 0
        let parts = (0..<11).map { _ in
            let time = clock.measure { for pair in 0..<pairs / 10 { sum &+= down(18, pair) } }
            return Double(time.components.attoseconds) * 1e-9 / Double(pairs / 10)
                + Double(time.components.seconds) * 1e9 / Double(pairs / 10)
        }
        print(parts.dropFirst().sorted()[5], sum == 42 ? "?" : "")
    }
}
