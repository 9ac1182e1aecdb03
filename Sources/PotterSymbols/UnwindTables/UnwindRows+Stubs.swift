// SPDX-License-Identifier: Apache-2.0
// Rows of arm64 code that has no call frame information but says all by a few instructions: PLT stubs, the linker's
// long branches, and the kernel's return from a signal handler, which the vDSO describes since Linux 5.8 no more.

extension UnwindRows {
    private enum Instruction {
        static let pushForResolver: UInt32 = 0xa9bf_7bf0  // stp x16, x30, [sp, #-16]!
        static let branchTarget: UInt32 = 0xd503_245f  // bti c
        static let setSigreturn: UInt32 = 0xd280_1168  // mov x8, #139
        static let systemCall: UInt32 = 0xd400_0001  // svc #0
        static let authenticate: UInt32 = 0xd503_219f  // autia1716

        /// adrp x16, page
        static func loadsPage(_ word: UInt32) -> Bool { word & 0x9f00_001f == 0x9000_0010 }
        /// ldr x17, [x16, #n]; add x16, x16, #n; autia1716: between adrp and br
        static func computesTarget(_ word: UInt32) -> Bool {
            word & 0xffc0_03ff == 0xf940_0211 || word & 0xff80_03ff == 0x9100_0210 || word == authenticate
        }
        /// br x16, br x17
        static func branches(_ word: UInt32) -> Bool { word == 0xd61f_0200 || word == 0xd61f_0220 }
    }

    /// Adds rows for what is found where no function of these is. Complexity: linear in the size of the code.
    mutating func describeStubs(_ code: UnsafeRawBufferPointer, at address: UInt64) {
        guard address >= base, address < limit, address & 3 == 0 else { return }
        for gap in gaps(from: address, count: min(limit - address, UInt64(code.count))) {
            var offset = (gap.lowerBound + 3) & ~3
            while offset + 8 <= gap.upperBound {
                offset += 4 * max(1, describeStub(code, at: offset, in: gap, address))
            }
        }
    }

    /// Instructions that were described.
    private mutating func describeStub(
        _ code: UnsafeRawBufferPointer, at offset: Int, in gap: Range<Int>, _ address: UInt64
    ) -> Int {
        func word(_ index: Int) -> UInt32 {
            let at = offset + 4 * index
            guard at >= gap.lowerBound, at + 4 <= gap.upperBound else { return 0 }
            return UInt32(littleEndian: code.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        }
        let start = UInt32(address + UInt64(offset) - base)
        if word(0) == Instruction.setSigreturn, word(1) == Instruction.systemCall {
            // A handler returns to the first instruction: it is looked up by the byte before.
            let first = offset >= gap.lowerBound + 4 ? start - 4 : start
            add([(first, .signal)], end: start + 8)
            return 2
        }
        var count = word(0) == Instruction.branchTarget ? 1 : 0
        let pushes = word(count) == Instruction.pushForResolver
        if pushes { count += 1 }
        let pushed = start + 4 * UInt32(count)
        guard Instruction.loadsPage(word(count)) else { return 0 }
        count += 1
        while Instruction.computesTarget(word(count)) { count += 1 }
        guard Instruction.branches(word(count)) else { return 0 }
        count += 1
        var found = [(start, layouts.rule(.leaf))]
        if pushes { found.append((pushed, layouts.rule(FrameLayout(frameAddress: 16, returnAddress: -8)))) }
        add(found, end: start + 4 * UInt32(count))
        return count
    }

    private mutating func add(_ found: [(address: UInt32, rule: CompactRule)], end: UInt32) {
        let firstRow = UInt32(rows.count)
        rows += found.map { unwindRow($0.address, $0.rule) }
        spans.append(
            FunctionSpan(start: found[0].address, end: end, firstRow: firstRow, rowCount: UInt32(found.count)))
    }
}
