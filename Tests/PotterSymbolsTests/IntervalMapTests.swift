// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PotterSymbols

@Suite struct IntervalMapTests {
    @Test(arguments: 1...200 as ClosedRange<UInt64>) func agreesWithTheDefinition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let intervals = (0..<Int32.random(in: 0...12, using: &random)).map { value in
            let start = UInt64.random(in: 0...20, using: &random)
            return IntervalMap.Interval(start: start, end: start + .random(in: 0...13, using: &random), value: value)
        }
        let map = IntervalMap(intervals)
        for address in 0...40 as ClosedRange<UInt64> {
            // The one that starts last; among equal starts, the last given.
            let covering = intervals.enumerated().filter { $0.element.start <= address && address < $0.element.end }
            let expected = covering.max { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
            #expect(map.value(at: address) == expected?.element.value, "seed \(seed), address \(address)")
        }
    }

    @Test func reachesTheTopOfTheAddressSpace() {
        let map = IntervalMap([.init(start: .max - 1, end: .max, value: 7)])
        #expect(map.value(at: .max - 1) == 7)
        #expect(map.value(at: .max) == nil)
        #expect(map.value(at: 0) == nil)
    }
}
