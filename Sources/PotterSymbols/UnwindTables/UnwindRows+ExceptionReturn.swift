// SPDX-License-Identifier: Apache-2.0
// The unwinder of C++ exceptions (libgcc's _Unwind_RaiseException and its kin) leaves by `__builtin_eh_return`: before
// it does, it writes the registers of the frame that it goes to over those that it has saved of its caller, and that
// frame's return address over its own (uw_install_context_1). From then on its caller cannot be found, although the call
// frame information goes on to say where it was: what would be found is a stack without the frames between the two.

import CPotterWire

extension UnwindRows {
    /// `mov %rcx,%rsp`: how such a function takes its leave, where its FDE says that the CFA is by rcx.
    private static let takesStack: [UInt8] = [0x48, 0x89, 0xcc]
    /// With `pop %rcx; jmp *%rcx` behind it.
    private static let leaveSize: UInt64 = 6
    /// The last calls before that are of the function that overwrites, and of a hook for debuggers.
    private static let lastCalls = 2

    /// Ends walks there, incomplete.
    mutating func endAtExceptionReturns(_ code: UnsafeRawBufferPointer, at address: UInt64) {
        for index in spans.indices where holdsUnsupported(spans[index]) {
            let start = base + UInt64(spans[index].start), end = base + UInt64(spans[index].end)
            guard start >= address, end <= address + UInt64(code.count),
                let leave = leave(spans[index], code, at: address)
            else { continue }
            let body = UnsafeRawBufferPointer(rebasing: code[Int(start - address)..<Int(leave - address)])
            let calls = Self.calls(body)
            guard let first = calls.suffix(Self.lastCalls).first else { continue }
            let after = min(leave + Self.leaveSize, end)
            endWalks(from: UInt32(start - base) + UInt32(first), to: UInt32(after - base), in: index)
        }
    }

    private func rowsOf(_ span: FunctionSpan) -> ArraySlice<UInt64> {
        rows[Int(span.firstRow)..<Int(span.firstRow + span.rowCount)]
    }

    private func holdsUnsupported(_ span: FunctionSpan) -> Bool {
        rowsOf(span).contains { UInt32(truncatingIfNeeded: $0) == CompactRule.other.bits }
    }

    private func leave(_ span: FunctionSpan, _ code: UnsafeRawBufferPointer, at address: UInt64) -> UInt64? {
        rowsOf(span).lazy.filter { UInt32(truncatingIfNeeded: $0) == CompactRule.other.bits }
            .map { self.base + $0 >> 32 }
            .first { $0 >= address && code.dropFirst(Int($0 - address)).starts(with: Self.takesStack) }
    }

    /// Offsets of call instructions.
    private static func calls(_ code: UnsafeRawBufferPointer) -> [Int] {
        let decoder = InstructionDecoder()
        var offset = 0
        var result: [Int] = []
        while let instruction = decoder.decode(code, at: offset) {
            if case .call = instruction.effect { result.append(offset) }
            offset += instruction.length
        }
        return result
    }

    private mutating func endWalks(from start: UInt32, to end: UInt32, in index: Int) {
        let old = Array(rowsOf(spans[index]))
        var changed: [UInt64] = []
        for (position, row) in old.enumerated() {
            let address = UInt32(row >> 32)
            let next = position + 1 < old.count ? UInt32(old[position + 1] >> 32) : spans[index].end
            if address < start || address >= end { changed.append(row) }
            let first = max(address, start)
            if first < min(next, end) { changed.append(unwindRow(first, .lost)) }
        }
        spans[index].firstRow = UInt32(rows.count)
        spans[index].rowCount = UInt32(changed.count)
        rows += changed
    }
}
