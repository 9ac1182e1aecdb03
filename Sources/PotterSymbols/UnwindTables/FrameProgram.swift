// SPDX-License-Identifier: Apache-2.0
// Runs the programs of call frame information: instructions that move an address forward and change register rules.
// Bounded by the length of its input; an instruction that makes no sense ends the program, and the rest of the
// function counts as not described.

struct FrameProgram {
    private static let rememberedStates = 64  // More than any compiler nests; a bound on what hostile input can keep.

    private let common: CommonEntry
    private var state: FrameState
    private var remembered: [FrameState] = []

    init(_ common: CommonEntry) {
        self.common = common
        state = common.initialState
    }

    /// What the instructions of a CIE leave behind.
    func initialState(_ instructions: FrameCursor) -> FrameState {
        var program = self
        program.state = .other
        var cursor = instructions
        var address: UInt64 = 0
        while !cursor.isAtEnd {
            guard program.step(&cursor, &address), address == 0 else { return .other }
        }
        return program.state
    }

    /// Calls `emit` with each address in [start, end) from which on a state holds, ascending.
    static func run(_ entry: FrameEntry, emit: (UInt64, FrameState) -> Void) {
        guard entry.common.isSupported else { return emit(entry.start, .other) }
        var program = FrameProgram(entry.common)
        var cursor = entry.program
        var address = entry.start
        while !cursor.isAtEnd {
            let before = address
            let state = program.state
            let isSound = program.step(&cursor, &address)
            if address != before || !isSound { emit(before, state) }
            guard address >= before, address < entry.end else { return }
            guard isSound else { return emit(address, .other) }
        }
        emit(address, program.state)
    }

    /// Runs one instruction. False: it makes no sense.
    private mutating func step(_ cursor: inout FrameCursor, _ address: inout UInt64) -> Bool {
        let code = cursor.byte()
        let operand = UInt64(code & 0x3f)
        switch code >> 6 {
        case 1: advance(&address, operand)
        case 2: save(operand, .atCFA(factored(cursor.uleb())))
        case 3: restore(operand)
        default: return extended(code, &cursor, &address) && !cursor.failed
        }
        return !cursor.failed
    }

    private mutating func extended(_ code: UInt8, _ cursor: inout FrameCursor, _ address: inout UInt64) -> Bool {
        switch code {
        case 0x00: break  // DW_CFA_nop
        case 0x02: advance(&address, UInt64(cursor.byte()))
        case 0x03: advance(&address, UInt64(cursor.fixed(UInt16.self)))
        case 0x04: advance(&address, UInt64(cursor.fixed(UInt32.self)))
        case 0x05: save(cursor.uleb(), .atCFA(factored(cursor.uleb())))
        case 0x06: restore(cursor.uleb())
        case 0x07: save(cursor.uleb(), .undefined)
        case 0x08: save(cursor.uleb(), .same)
        case 0x09:  // DW_CFA_register
            save(cursor.uleb(), .elsewhere)
            _ = cursor.uleb()
        case 0x0a:  // DW_CFA_remember_state
            guard remembered.count < Self.rememberedStates else { return false }
            remembered.append(state)
        case 0x0b:  // DW_CFA_restore_state
            guard let last = remembered.popLast() else { return false }
            state = last
        case 0x0c...0x0f, 0x12, 0x13: return defineFrameAddress(code, &cursor)
        default: return rare(code, &cursor)
        }
        return true
    }

    private mutating func defineFrameAddress(_ code: UInt8, _ cursor: inout FrameCursor) -> Bool {
        switch code {
        case 0x0c:  // DW_CFA_def_cfa
            state.frameAddress = .register(cursor.uleb(), offset: Int64(truncatingIfNeeded: cursor.uleb()))
        case 0x12:  // DW_CFA_def_cfa_sf
            state.frameAddress = .register(cursor.uleb(), offset: cursor.sleb() &* common.dataAlignment)
        case 0x0f:  // DW_CFA_def_cfa_expression
            let length = cursor.uleb()
            state.frameAddress = FrameExpression.frameAddress(cursor.slice(length), common.architecture)
        default:
            let value = code == 0x13 ? UInt64(bitPattern: cursor.sleb() &* common.dataAlignment) : cursor.uleb()
            // Without a register the instruction changes nothing that these rules can express.
            guard case .register(let register, let offset) = state.frameAddress else { return true }
            state.frameAddress =
                code == 0x0d
                ? .register(value, offset: offset)  // DW_CFA_def_cfa_register
                : .register(register, offset: Int64(bitPattern: value))  // DW_CFA_def_cfa_offset(_sf)
        }
        return true
    }

    private mutating func rare(_ code: UInt8, _ cursor: inout FrameCursor) -> Bool {
        switch code {
        case 0x10:  // DW_CFA_expression
            let register = cursor.uleb()
            let length = cursor.uleb()
            save(register, FrameExpression.saved(cursor.slice(length)))
        case 0x11: save(cursor.uleb(), .atCFA(cursor.sleb() &* common.dataAlignment))
        case 0x14, 0x15:  // DW_CFA_val_offset(_sf)
            save(cursor.uleb(), .elsewhere)
            _ = cursor.uleb()
        case 0x16:  // DW_CFA_val_expression
            save(cursor.uleb(), .elsewhere)
            let length = cursor.uleb()
            cursor.skip(length)
        // DW_CFA_AARCH64_negate_ra_state(_with_pc): return addresses are stripped of signatures wherever they come from.
        case 0x2c, 0x2d: return common.architecture.isArm
        case 0x2e: _ = cursor.uleb()  // DW_CFA_GNU_args_size
        case 0x2f:  // DW_CFA_GNU_negative_offset_extended
            save(cursor.uleb(), .atCFA(0 &- factored(cursor.uleb())))
        default: return false  // DW_CFA_set_loc among them: no compiler writes it.
        }
        return true
    }

    private func advance(_ address: inout UInt64, _ delta: UInt64) {
        address = address &+ delta &* common.codeAlignment
    }

    private func factored(_ offset: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: offset) &* common.dataAlignment
    }

    private mutating func restore(_ register: UInt64) {
        switch register {
        case common.architecture.framePointer: state.framePointer = common.initialState.framePointer
        case common.architecture.asyncContext: state.asyncContext = common.initialState.asyncContext
        case common.architecture.returnAddress: state.returnAddress = common.initialState.returnAddress
        default: break
        }
    }

    private mutating func save(_ register: UInt64, _ saved: SavedRegister) {
        switch register {
        case common.architecture.framePointer: state.framePointer = saved
        case common.architecture.asyncContext: state.asyncContext = saved
        case common.architecture.returnAddress: state.returnAddress = saved
        default: break
        }
    }
}
