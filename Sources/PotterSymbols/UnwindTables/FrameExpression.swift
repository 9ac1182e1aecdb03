// SPDX-License-Identifier: Apache-2.0
// The few DWARF expressions that compilers and linkers write into call frame information. Anything else is
// "unsupported": evaluating arbitrary expressions in a signal handler is not worth the handful of functions.

enum FrameExpression {
    private static let plus: UInt8 = 0x22  // DW_OP_plus
    private static let dereference: UInt8 = 0x06  // DW_OP_deref
    private static let literal0: UInt8 = 0x30  // DW_OP_lit0
    private static let register0: UInt8 = 0x70  // DW_OP_breg0

    /// DW_CFA_def_cfa_expression.
    static func frameAddress(_ expression: FrameCursor, _ architecture: FrameArchitecture) -> FrameAddress {
        if architecture.isArm { return registerAlone(expression) }
        if let threshold = linkageStubThreshold(expression) { return .linkageStub(threshold: threshold) }
        var cursor = expression
        guard let (register, offset) = baseRegister(&cursor) else { return .unsupported }
        if cursor.isAtEnd { return .register(register, offset: offset) }
        guard cursor.byte() == dereference else { return .unsupported }
        switch register {
        case FrameRegister.framePointer where cursor.isAtEnd: return .framePointerDereferenced(offset: offset)
        case FrameRegister.stackPointer where cursor.isAtEnd: return offset == 160 ? .signalContext : .unsupported
        case FrameRegister.stackPointer:
            let addsEight = cursor.byte() == 0x23 && cursor.uleb() == 8 && cursor.isAtEnd && !cursor.failed
            return addsEight ? .stackPointerDereferenced(offset: offset) : .unsupported
        default: return .unsupported
        }
    }

    private static func registerAlone(_ expression: FrameCursor) -> FrameAddress {
        var cursor = expression
        guard let (register, offset) = baseRegister(&cursor), cursor.isAtEnd else { return .unsupported }
        return .register(register, offset: offset)
    }

    /// DW_CFA_expression of a saved register: gcc writes `rbp + offset` where it realigns the stack.
    static func saved(_ expression: FrameCursor) -> SavedRegister {
        var cursor = expression
        guard let (register, offset) = baseRegister(&cursor), cursor.isAtEnd else { return .elsewhere }
        return register == FrameRegister.framePointer ? .atFramePointer(offset) : .elsewhere
    }

    /// DW_OP_bregN offset.
    private static func baseRegister(_ cursor: inout FrameCursor) -> (UInt64, Int64)? {
        let operation = cursor.byte()
        guard (register0...register0 + 31).contains(operation) else { return nil }
        let offset = cursor.sleb()
        return cursor.failed ? nil : (UInt64(operation - register0), offset)
    }

    /// The linker describes all stubs of .plt by one expression: rsp + 8 + ((rip & 15) >= n) << 3 (DW_OP_shl).
    private static func linkageStubThreshold(_ expression: FrameCursor) -> Int64? {
        var cursor = expression
        guard cursor.remaining == 11, cursor.byte() == register0 + 7, cursor.byte() == 8 else { return nil }
        guard cursor.byte() == register0 + 16, cursor.byte() == 0, cursor.byte() == literal0 + 15 else { return nil }
        guard cursor.byte() == 0x1a else { return nil }  // DW_OP_and
        let threshold = cursor.byte()
        guard (literal0...literal0 + 15).contains(threshold), cursor.byte() == 0x2a else { return nil }  // DW_OP_ge
        guard cursor.byte() == literal0 + 3, cursor.byte() == 0x24, cursor.byte() == plus else { return nil }
        return Int64(threshold - literal0)
    }
}
