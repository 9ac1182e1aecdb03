// SPDX-License-Identifier: Apache-2.0
// Names of code that a program makes while it runs, from the text file that it keeps for profilers: /tmp/perf-PID.map of
// node --perf-basic-prof, python -X perf, java with an agent. A line is `START SIZE NAME`, the numbers in hexadecimal.
// (linux/tools/perf/Documentation/jit-interface.txt)
//
// Code is thrown away and its place used again: where ranges overlap, the later line is right.

public struct PerfMap: Sendable {
    /// More lines are not read.
    private static let maximumLines = 4 << 20

    private struct Code {
        var start: UInt64
        /// First address after it.
        var end: UInt64
        var name: Range<Int>
    }

    private let text: [UInt8]
    private var codes: [Code] = []
    private var codeOfAddress = IntervalMap()

    /// Reads the lines that can be understood; what else is in the text is left out.
    /// - Complexity: O(n log n) in the number of lines.
    public init(_ text: [UInt8]) {
        self.text = text
        var start = 0
        while start < text.count, codes.count < Self.maximumLines {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            if let code = Self.code(text, start..<end) { codes.append(code) }
            start = end + 1
        }
        codeOfAddress = IntervalMap(disjoint())
    }

    /// The function at an absolute address. O(log n).
    public func frame(at address: UInt64) -> ResolvedFrame? {
        guard let index = codeOfAddress.value(at: address) else { return nil }
        return PerfMapName.frame(String(decoding: text[codes[Int(index)].name], as: UTF8.self))
    }

    private static func code(_ text: [UInt8], _ line: Range<Int>) -> Code? {
        var at = line.lowerBound
        guard let start = number(text, &at, line.upperBound), let size = number(text, &at, line.upperBound),
            size > 0, at < line.upperBound
        else { return nil }
        let (end, overflow) = start.addingReportingOverflow(size)
        return overflow ? nil : Code(start: start, end: end, name: at..<line.upperBound)
    }

    /// A hexadecimal number, with or without 0x, and the blanks behind it.
    private static func number(_ text: [UInt8], _ at: inout Int, _ end: Int) -> UInt64? {
        if at + 2 < end, text[at] == UInt8(ascii: "0"), text[at + 1] | 0x20 == UInt8(ascii: "x") { at += 2 }
        var value: UInt64 = 0
        let first = at
        while at < end, let digit = Character(Unicode.Scalar(text[at])).hexDigitValue {
            guard value >> 60 == 0 else { return nil }
            value = value << 4 | UInt64(digit)
            at += 1
        }
        guard at > first, at < end, text[at] == UInt8(ascii: " ") else { return nil }
        while at < end, text[at] == UInt8(ascii: " ") { at += 1 }
        return value
    }

    /// Ranges without overlaps, ascending: at each address the latest line.
    private func disjoint() -> [IntervalMap.Interval] {
        let byStart = codes.indices.sorted { (codes[$0].start, $0) < (codes[$1].start, $1) }
        var intervals: [IntervalMap.Interval] = []
        /// Of the lines that began before the cursor, a heap with the latest on top; ended ones go when they surface.
        var open = MaximumHeap()
        var cursor: UInt64 = 0
        func advance(to limit: UInt64) {
            while let top = open.maximum, cursor < limit {
                let stop = min(codes[top].end, limit)
                if stop > cursor {
                    intervals.append(.init(start: cursor, end: stop, value: Int32(truncatingIfNeeded: top)))
                    cursor = stop
                }
                if codes[top].end <= cursor { open.removeMaximum() }
            }
            cursor = max(cursor, limit)
        }
        for index in byStart {
            advance(to: codes[index].start)
            open.insert(index)
        }
        advance(to: .max)
        return intervals
    }
}

/// A binary heap.
private struct MaximumHeap {
    private var items: [Int] = []

    var maximum: Int? { items.first }

    mutating func insert(_ item: Int) {
        items.append(item)
        var child = items.count - 1
        while child > 0, items[(child - 1) / 2] < items[child] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeMaximum() {
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && items[child] > items[largest] {
                largest = child
            }
            guard largest != parent else { return }
            items.swapAt(parent, largest)
            parent = largest
        }
    }
}
