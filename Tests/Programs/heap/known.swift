// SPDX-License-Identifier: Apache-2.0
// Known numbers of blocks and bytes of Swift objects: 1000 of 32 bytes and an array's buffer of 32 + 8 x 1000, all kept.
final class Node {
    var first: Int
    var second: Int
    init(_ number: Int) { (first, second) = (number, number) }
}

nonisolated(unsafe) var kept: [Node] = []

@inline(never) func keepNodes() {
    kept.reserveCapacity(1000)
    for number in 0..<1000 { kept.append(Node(number)) }
}

@main struct Known {
    static func main() {
        keepNodes()
        print(kept.count)
    }
}
