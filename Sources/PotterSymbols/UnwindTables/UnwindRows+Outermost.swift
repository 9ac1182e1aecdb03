// SPDX-License-Identifier: Apache-2.0
// Functions at which a stack begins, although their call frame information does not say so.

extension UnwindRows {
    /// `mov %rbx,%rsp`: a function that begins by giving up its stack has no caller. glibc's and musl's
    /// `__start_context`, to which a function returns that makecontext has prepared, does; its FDE claims a return
    /// address where the next context is.
    private static let givesUpStack: [UInt8] = [0x48, 0x89, 0xdc]

    /// Ends walks at such functions. Nobody calls them: their address itself is the return address, which is looked up
    /// by the byte before it, so that byte is taken along.
    mutating func endStacks(_ code: UnsafeRawBufferPointer, at address: UInt64) {
        sortSpans()
        for index in spans.indices {
            let start = base + UInt64(spans[index].start)
            guard start >= address, start - address < UInt64(code.count),
                code.dropFirst(Int(start - address)).starts(with: Self.givesUpStack)
            else { continue }
            let isFree = index > 0 && spans[index - 1].end < spans[index].start
            if isFree { spans[index].start -= 1 }
            spans[index].firstRow = UInt32(rows.count)
            spans[index].rowCount = 1
            rows.append(unwindRow(spans[index].start, .end))
        }
    }
}
