// SPDX-License-Identifier: Apache-2.0
// Planted call chains in Swift: collections, existentials, closures, errors, strings.

@_silgen_name("harness_enter") func harnessEnter(_ function: Int32)
@_silgen_name("harness_leave") func harnessLeave()

struct Random {
    var state: UInt32 = 1
    mutating func next() -> UInt32 {
        state = state &* 1_103_515_245 &+ 12345
        return state >> 8
    }
}

struct Planted: Error { var value: Int }

protocol Shape { func area(_ depth: Int, _ random: inout Random) -> Int }
final class Circle: Shape {
    var radius: Int
    init(_ radius: Int) { self.radius = radius }
    @inline(never) func area(_ depth: Int, _ random: inout Random) -> Int {
        depth > 0 ? plant_1(depth - 1, &random) &+ radius : radius
    }
}
struct Square: Shape {
    var side: [Int]
    @inline(never) func area(_ depth: Int, _ random: inout Random) -> Int {
        depth > 0 ? plant_2(depth - 1, &random) &+ side.count : side.reduce(0, &+)
    }
}

@inline(never) func plant_2(_ depth: Int, _ random: inout Random) -> Int {
    harnessEnter(2)
    defer { harnessLeave() }
    var words: [String: Int] = [:]
    for i in 0..<12 { words["key \(random.next() % 40)", default: 0] += i }
    return words.count &+ (depth > 0 ? plant_1(depth - 1, &random) : 1)
}

@inline(never) func plant_3(_ depth: Int, _ random: inout Random) -> Int {
    harnessEnter(3)
    defer { harnessLeave() }
    let values = (0..<40).map { _ in random.next() }.sorted { $0 > $1 }
    let text = values.map(String.init).joined(separator: ",")
    return text.utf8.count &+ (depth > 0 ? plant_1(depth - 1, &random) : 1)
}

@inline(never) func plant_4(_ depth: Int, _ random: inout Random) -> Int {
    harnessEnter(4)
    defer { harnessLeave() }
    do { return try plant_5(depth, &random) } catch { return 3 }
}

@inline(never) func plant_5(_ depth: Int, _ random: inout Random) throws -> Int {
    harnessEnter(5)
    defer { harnessLeave() }
    if depth == 0 || random.next() % 16 == 0 { throw Planted(value: depth) }
    return plant_1(depth - 1, &random) &+ 1
}

@inline(never) func plant_6(_ depth: Int, _ random: inout Random) -> Int {
    harnessEnter(6)
    defer { harnessLeave() }
    let shapes: [any Shape] = [Circle(Int(random.next() % 10)), Square(side: [1, 2, 3])]
    return shapes[Int(random.next() % 2)].area(depth, &random)
}

@inline(never) func plant_1(_ depth: Int, _ random: inout Random) -> Int {
    harnessEnter(1)
    defer { harnessLeave() }
    switch random.next() % 4 {
    case 0: return plant_2(depth, &random) &* 3
    case 1: return plant_3(depth, &random) &* 3
    case 2: return plant_4(depth, &random) &* 3
    default: return plant_6(depth, &random) &* 3
    }
}

var random = Random()
var sum = 0
let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 100
for _ in 0..<rounds { sum &+= plant_1(20, &random) }
print("done", sum)
