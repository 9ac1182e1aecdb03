// SPDX-License-Identifier: Apache-2.0
// Nested and overlapping address ranges, flattened once into disjoint segments, so that each look-up is one binary
// search. Used for symbols, compilation units, functions and inlined calls.
//
//   in    |---------- outer ----------|          out   | outer | inner | outer |
//                 |- inner -|
//
// The range that starts last wins; among equal starts the one that was given last.

struct IntervalMap {
    struct Interval {
        var start: UInt64
        /// First address after the range; a range with `end <= start` is ignored.
        var end: UInt64
        var value: Int32
    }

    private(set) var segments: [Interval] = []

    init() {}

    /// - Parameter intervals: ascending by `start`; for equal starts, the preferred one last.
    /// - Complexity: O(n).
    init(sorted intervals: [Interval]) {
        var open: [Interval] = []
        var cursor: UInt64 = 0
        segments.reserveCapacity(intervals.count)
        for interval in intervals where interval.end > interval.start {
            close(&open, upTo: interval.start, &cursor)
            cursor = max(cursor, interval.start)
            open.append(interval)
        }
        close(&open, upTo: .max, &cursor)
    }

    /// - Complexity: O(n log n). The sort is stable in effect: of equal starts, the later in the array is preferred.
    init(_ intervals: [Interval]) {
        let order = intervals.indices.sorted {
            (intervals[$0].start, $0) < (intervals[$1].start, $1)
        }
        self.init(sorted: order.map { intervals[$0] })
    }

    private mutating func close(_ open: inout [Interval], upTo limit: UInt64, _ cursor: inout UInt64) {
        while let top = open.last, cursor < limit {
            let stop = min(top.end, limit)
            if stop > cursor {
                emit(cursor, stop, top.value)
                cursor = stop
            }
            if top.end > cursor { break }
            open.removeLast()
        }
    }

    private mutating func emit(_ start: UInt64, _ end: UInt64, _ value: Int32) {
        if let last = segments.indices.last, segments[last].value == value, segments[last].end == start {
            segments[last].end = end
        } else {
            segments.append(Interval(start: start, end: end, value: value))
        }
    }

    /// The value whose range covers `address`. O(log n).
    func value(at address: UInt64) -> Int32? {
        let index = segments.partitionPoint { $0.start > address }
        guard index > 0, address < segments[index - 1].end else { return nil }
        return segments[index - 1].value
    }
}

extension RandomAccessCollection where Index == Int {
    /// Index of the first element for which `predicate` holds, in a collection where it holds for a suffix. O(log n).
    func partitionPoint(_ predicate: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
