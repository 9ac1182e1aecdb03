// SPDX-License-Identifier: Apache-2.0
// Rows that no call frame information gives, or gives wrongly.

extension UnwindRows {
    /// Numbers in the data of a module, 32 bits each: up to so many at an address.
    typealias TableEntries = (_ address: UInt64, _ count: Int) -> [Int32]

    /// Adds rows for what no function of these covers in a piece of code, by analysis of its instructions.
    /// `functions`: addresses of some.
    mutating func synthesize(
        _ code: UnsafeRawBufferPointer, at address: UInt64, functions: [UInt64], tableEntries: @escaping TableEntries
    ) {
        guard address >= base, address < limit else { return }
        let known = spans.count
        let gaps = gaps(from: address, count: min(limit - address, UInt64(code.count)))
        let asynchronous = asynchronous(in: code, at: address)
        guard !gaps.isEmpty || !asynchronous.isEmpty else { return }
        let decoder = InstructionDecoder()
        let references = CodeReferences(code, at: address, gaps: gaps, functions: functions)
        var entries = references.entries[...]
        for gap in gaps {
            var region = CodeRegion(code, gap, at: address, references, tableEntries)
            entries = entries.drop { $0 < gap.lowerBound }
            region.entries = Set(entries.prefix { $0 < gap.upperBound }.map { $0 - gap.lowerBound })
            synthesize(region, decoder)
        }
        for index in asynchronous where index < known {
            let span = spans[index]
            let range = Int(base + UInt64(span.start) - address)..<Int(base + UInt64(span.end) - address)
            correct(index, CodeRegion(code, range, at: address, references, tableEntries), decoder)
        }
    }

    /// Offsets from `address` that no function covers.
    mutating func gaps(from address: UInt64, count: UInt64) -> [Range<Int>] {
        sortSpans()
        let start = UInt32(address - base)
        let end = start + UInt32(count)
        var gaps: [Range<Int>] = []
        var covered = start
        for span in spans where span.end >= start {
            if span.start > covered { gaps.append(Int(covered - start)..<Int(min(span.start, end) - start)) }
            covered = max(covered, span.end)
            if covered >= end { return gaps }
        }
        if covered < end { gaps.append(Int(covered - start)..<Int(end - start)) }
        return gaps
    }

    private mutating func synthesize(_ region: CodeRegion, _ decoder: InstructionDecoder) {
        let start = UInt32(region.address - base)
        let firstRow = UInt32(rows.count)
        StackHeightAnalyzer.run(region, decoder) { offset, rule, _ in
            rows.append(unwindRow(start + UInt32(offset), rule))
        }
        spans.append(
            FunctionSpan(
                start: start, end: start + UInt32(region.bytes.count), firstRow: firstRow,
                rowCount: UInt32(rows.count) - firstRow))
    }

    // MARK: Asynchronous Swift functions
    //
    // Their call frame information forgets that r14 is pushed before rbp is made a frame pointer, and that rbp is
    // popped again before the jump to the next function: the CFA is off by 8, or by the whole frame (Swift 6.3,
    // Docs/Unwinding.md).

    /// Indices of their spans. They begin with push %rbp; push %r14; lea 8(%rsp),%rbp; some make room before.
    private func asynchronous(in code: UnsafeRawBufferPointer, at address: UInt64) -> [Int] {
        let marks: [UInt8] = [0x41, 0x56, 0x48, 0x8d, 0x6c, 0x24, 0x08]
        return spans.indices.filter { index in
            let span = spans[index]
            guard base + UInt64(span.start) >= address else { return false }
            let start = base + UInt64(span.start) - address
            let end = base + UInt64(span.end) - address
            guard end <= UInt64(code.count), end - start >= 32 else { return false }
            return (1..<24).contains { code[Int(start) + $0] == 0x41 && code[(Int(start) + $0)...].starts(with: marks) }
        }
    }

    /// Replaces the rows of a function, if the analysis follows all of it.
    private mutating func correct(_ index: Int, _ region: CodeRegion, _ decoder: InstructionDecoder) {
        let firstRow = UInt32(rows.count)
        var isWhole = true
        StackHeightAnalyzer.run(region, decoder) { offset, rule, reach in
            if reach == .assumed { isWhole = false }
            rows.append(unwindRow(spans[index].start + UInt32(offset), rule))
        }
        guard isWhole else { return rows.removeLast(rows.count - Int(firstRow)) }
        (spans[index].firstRow, spans[index].rowCount) = (firstRow, UInt32(rows.count) - firstRow)
    }
}

extension CodeRegion {
    /// A range of `code`, which is at `address`.
    fileprivate init(
        _ code: UnsafeRawBufferPointer, _ range: Range<Int>, at address: UInt64, _ references: CodeReferences,
        _ tableEntries: @escaping UnwindRows.TableEntries
    ) {
        self.init(
            bytes: UnsafeRawBufferPointer(rebasing: code[range]), address: address + UInt64(range.lowerBound),
            dataStarts: references.loaded, tableEntries: tableEntries)
    }
}
