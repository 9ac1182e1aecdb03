// SPDX-License-Identifier: Apache-2.0
// Rows of a module in the making: functions come in the order of the file, may overlap and may lie about their place.

/// A function whose rows are rows[firstRow..<firstRow + rowCount]. Addresses are relative to the table's base.
struct FunctionSpan {
    var start, end: UInt32
    var firstRow, rowCount: UInt32
}

/// A row: address in the upper, rule in the lower half, so that rows sort as numbers.
func unwindRow(_ address: UInt32, _ rule: CompactRule) -> UInt64 { UInt64(address) << 32 | UInt64(rule.bits) }

struct UnwindRows {
    let architecture: FrameArchitecture
    let base, limit: UInt64
    var layouts = FrameLayouts()
    var rows: [UInt64] = []
    var spans: [FunctionSpan] = []

    /// limit - base is less than 2^32.
    init(_ architecture: FrameArchitecture, base: UInt64, limit: UInt64) {
        self.architecture = architecture
        self.base = base
        self.limit = limit
    }

    /// Functions outside of [base, limit) are left out.
    mutating func append(_ section: FrameSection) {
        section.bytes.withUnsafeBytes { bytes in
            var entries = FrameEntries(section, bytes)
            while let entry = entries.next() { append(entry) }
        }
    }

    private mutating func append(_ entry: FrameEntry) {
        guard entry.start >= base, entry.start < limit, rows.count < Int(UInt32.max) / 2 else { return }
        let firstRow = rows.count
        var last: CompactRule?
        FrameProgram.run(entry) { address, state in
            let rule = rule(state, isSignalFrame: entry.common.isSignalFrame)
            guard address < limit, rule != last else { return }
            rows.append(unwindRow(UInt32(address - base), rule))
            last = rule
        }
        spans.append(
            FunctionSpan(
                start: UInt32(entry.start - base), end: UInt32(min(entry.end, limit) - base),
                firstRow: UInt32(firstRow), rowCount: UInt32(rows.count - firstRow)))
    }

    private mutating func rule(_ state: FrameState, isSignalFrame: Bool) -> CompactRule {
        architecture.isArm
            ? layouts.rule(state, isSignalFrame: isSignalFrame) : CompactRule(state, isSignalFrame: isSignalFrame)
    }

    /// Takes over the functions of a section that start where none of this is known.
    mutating func fill(from section: FrameSection) {
        var other = UnwindRows(architecture, base: base, limit: limit)
        other.layouts = layouts
        other.append(section)
        layouts = other.layouts
        sortSpans()
        let known = spans
        for span in other.spans {
            let next = known.partitioningIndex { $0.start > span.start }
            if next > 0, known[next - 1].end > span.start { continue }
            var copy = span
            copy.firstRow = UInt32(rows.count)
            rows += other.rows[Int(span.firstRow)..<Int(span.firstRow + span.rowCount)]
            spans.append(copy)
        }
    }

    /// Rows in ascending order, the first at address 0. What lies between functions becomes a row of its own: without
    /// it, the address before the return address of a call that ends a function would find the rule of that function.
    mutating func finish() -> [UInt64] {
        sortSpans()
        var result: [UInt64] = []
        result.reserveCapacity(rows.count + spans.count)
        var covered: UInt32 = 0
        for (index, span) in spans.enumerated() {
            let next = index + 1 < spans.count ? spans[index + 1].start : .max
            guard next > span.start else { continue }  // The last one of several at the same place wins.
            if span.start > covered || index == 0 { Self.add(unwindRow(covered, .none), to: &result) }
            let end = min(span.end, next)
            for row in rows[Int(span.firstRow)..<Int(span.firstRow + span.rowCount)] where row >> 32 < UInt64(end) {
                Self.add(row, to: &result)
            }
            covered = end
        }
        if covered < limit - base { Self.add(unwindRow(covered, .none), to: &result) }
        return result
    }

    /// Merges equal rules, and drops a row that another one at the same address replaces.
    private static func add(_ row: UInt64, to result: inout [UInt64]) {
        if let last = result.last, last >> 32 == row >> 32 { result.removeLast() }
        if let last = result.last, UInt32(truncatingIfNeeded: last) == UInt32(truncatingIfNeeded: row) { return }
        result.append(row)
    }

    mutating func sortSpans() {
        let isSorted = zip(spans, spans.dropFirst()).allSatisfy { $0.start <= $1.start }
        if !isSorted { spans.sort { ($0.start, $0.end) < ($1.start, $1.end) } }
    }
}

extension RandomAccessCollection {
    /// Index of the first element for which `isAfter` holds, if it holds for all that follow.
    func partitioningIndex(where isAfter: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let half = count / 2
            let middle = index(low, offsetBy: half)
            if isAfter(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}
