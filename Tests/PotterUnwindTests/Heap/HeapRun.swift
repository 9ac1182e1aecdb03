// SPDX-License-Identifier: Apache-2.0
// What the small collector (Tests/Programs/heap/collector.c) says of a run.

import Foundation

struct HeapRun {
    struct Site {
        var process: Int
        var kind: Int
        var allocations: UInt64
        var bytes: UInt64
        var frees: UInt64
        var freed: UInt64
        var inheritedFrees: UInt64
        var inheritedBytes: UInt64
        var temporary: UInt64
        var samples: UInt64
        var countVariance: Double
        var bytesVariance: Double
        /// Functions, innermost first, separated by `;`.
        var stack: String
    }

    var output: String
    var status = -1
    var images = 0
    var refused = 0
    var counts: [String: Int] = [:]
    var sites: [Site] = []
    /// One for each time that the program stopped itself: `name value` pairs.
    var frozen: [[String: Int]] = []

    init(_ said: String, output: String) {
        self.output = output
        for line in said.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "image":
                images += 1
                refused |= Int(words[3]) ?? -1
            case "count": counts[words[1], default: 0] += Int(words[2]) ?? 0
            case "site": if let site = Self.site(words) { sites.append(site) }
            case "frozen": frozen.append(Self.pairs(words.dropFirst()))
            case "status": status = Int(words[1]) ?? -1
            default: break
            }
        }
    }

    private static func pairs(_ words: ArraySlice<String>) -> [String: Int] {
        var found: [String: Int] = [:]
        for (name, value) in zip(words, words.dropFirst()) {
            if Int(name) == nil, let number = Int(value) { found[name] = number }
        }
        return found
    }

    // site IMAGE PROCESS KIND allocations N bytes N frees N freed N inherited N N temporary N samples N N
    //     variance X X stack ...
    private static func site(_ words: [String]) -> Site? {
        guard words.count >= 25, words[23] == "stack" else { return nil }
        let number = { (at: Int) in UInt64(words[at]) ?? .max }
        return Site(
            process: Int(words[2]) ?? -1, kind: Int(words[3]) ?? -1, allocations: number(5), bytes: number(7),
            frees: number(9), freed: number(11), inheritedFrees: number(13), inheritedBytes: number(14),
            temporary: number(16), samples: number(18), countVariance: Double(words[21]) ?? .nan,
            bytesVariance: Double(words[22]) ?? .nan, stack: words[24...].joined(separator: " "))
    }

    /// A line of the program that says what was to be counted, and what was.
    struct Expectation {
        var text: String
        var expected: [UInt64]
        var found: [UInt64]
        var sites: [Site]
    }

    var expectations: [Expectation] {
        output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 3 else { return nil }
            let numbers = words.dropFirst(2).compactMap { UInt64($0) }
            let isAny = words[0] == "expect-any"
            let matching = sites.filter { isAny ? $0.stack.contains(words[1]) : $0.stack.hasPrefix(words[1]) }
            let sum = { (value: (Site) -> UInt64) in matching.reduce(0) { $0 &+ value($1) } }
            switch words[0] {
            case "expect":
                let found = [sum(\.allocations), sum(\.bytes), sum(\.frees), sum(\.freed)]
                return Expectation(text: String(line), expected: numbers, found: found, sites: matching)
            case "expect-any":
                let found = [sum(\.allocations), sum(\.frees)]
                return Expectation(text: String(line), expected: numbers, found: found, sites: matching)
            case "inherited":
                let found = [sum(\.inheritedFrees), sum(\.inheritedBytes)]
                return Expectation(text: String(line), expected: numbers, found: found, sites: matching)
            default: return nil
            }
        }
    }
}
