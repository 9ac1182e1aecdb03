// SPDX-License-Identifier: Apache-2.0
// x86-64 instructions, decoded by Zydis, as the stack-height analysis wants them.

import CZydis

/// Keeps the buffers of the disassembler. Not thread-safe.
final class InstructionDecoder {
    private static let stackPointer: UInt8 = 4, framePointer: UInt8 = 5
    /// rax, rcx, rdx, rsi, rdi, r8 to r11: a call may change them (System V ABI for AMD64, figure 3.4).
    private static let changedByCalls: UInt16 = 0b0000_1111_1100_0111

    private var decoder = ZydisDecoder()
    private var context = ZydisDecoderContext()
    private var instruction = ZydisDecodedInstruction()
    private let operands = UnsafeMutablePointer<ZydisDecodedOperand>.allocate(
        capacity: Int(ZYDIS_MAX_OPERAND_COUNT))

    init() {
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)
    }

    deinit { operands.deallocate() }

    /// nil: not an instruction, or the bytes end.
    func decode(_ code: UnsafeRawBufferPointer, at start: Int) -> Instruction? {
        guard start < code.count else { return nil }
        let bytes = code.baseAddress! + start
        let status = ZydisDecoderDecodeInstruction(&decoder, &context, bytes, code.count - start, &instruction)
        guard Self.succeeded(status),
            Self.succeeded(
                ZydisDecoderDecodeOperands(
                    &decoder, &context, &instruction, operands, instruction.operand_count))
        else { return nil }
        let written = writtenRegisters
        return Instruction(
            length: Int(instruction.length), effect: effect(written), step: step, written: written,
            isPadding: instruction.mnemonic == ZYDIS_MNEMONIC_NOP, usesFrame: usesFrame)
    }

    private static func succeeded(_ status: ZyanStatus) -> Bool { status & 0x8000_0000 == 0 }

    // MARK: Operands

    /// The number of a general register, of any width.
    private func number(_ register: ZydisRegister) -> UInt8? {
        let whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, register)
        guard (ZYDIS_REGISTER_RAX.rawValue...ZYDIS_REGISTER_R15.rawValue).contains(whole.rawValue) else { return nil }
        return UInt8(whole.rawValue - ZYDIS_REGISTER_RAX.rawValue)
    }

    private func register(_ index: Int) -> UInt8? {
        guard index < Int(instruction.operand_count), operands[index].type == ZYDIS_OPERAND_TYPE_REGISTER else {
            return nil
        }
        return number(operands[index].reg.value)
    }

    private func immediate(_ index: Int) -> Int64? {
        guard index < Int(instruction.operand_count), operands[index].type == ZYDIS_OPERAND_TYPE_IMMEDIATE else {
            return nil
        }
        return operands[index].imm.value.s
    }

    private func memory(_ index: Int) -> ZydisDecodedOperandMem? {
        guard index < Int(instruction.operand_count), operands[index].type == ZYDIS_OPERAND_TYPE_MEMORY else {
            return nil
        }
        return operands[index].mem
    }

    private var usesFrame: Bool {
        (0..<Int(instruction.operand_count)).contains {
            operands[$0].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[$0].mem.base == ZYDIS_REGISTER_RBP
        }
    }

    private var writtenRegisters: UInt16 {
        let writes = UInt8(ZYDIS_OPERAND_ACTION_WRITE.rawValue | ZYDIS_OPERAND_ACTION_CONDWRITE.rawValue)
        var mask: UInt16 = instruction.meta.category == ZYDIS_CATEGORY_CALL ? Self.changedByCalls : 0
        for index in 0..<Int(instruction.operand_count) where operands[index].actions & writes != 0 {
            if let number = register(index) { mask |= 1 << UInt16(number) }
        }
        return mask
    }

    // MARK: Effects on the stack

    private func effect(_ written: UInt16) -> StackEffect {
        switch instruction.mnemonic {
        case ZYDIS_MNEMONIC_PUSH: isWholeWord ? .push(register: register(0)) : .loseStackPointer
        case ZYDIS_MNEMONIC_POP: isWholeWord ? .pop(register: register(0)) : .loseStackPointer
        case ZYDIS_MNEMONIC_PUSHFQ: .push(register: nil)
        case ZYDIS_MNEMONIC_POPFQ: .pop(register: nil)
        case ZYDIS_MNEMONIC_LEAVE: .leave
        case ZYDIS_MNEMONIC_CALL: .call(relative)
        case ZYDIS_MNEMONIC_JMP: relative.map { .branch($0, isConditional: false) } ?? .jumpIndirect
        case ZYDIS_MNEMONIC_UD0, ZYDIS_MNEMONIC_UD1, ZYDIS_MNEMONIC_UD2, ZYDIS_MNEMONIC_HLT, ZYDIS_MNEMONIC_INT3:
            .stop
        case ZYDIS_MNEMONIC_ADD: adjusted(sign: 1) ?? lost(written)
        case ZYDIS_MNEMONIC_SUB: adjusted(sign: -1) ?? lost(written)
        case ZYDIS_MNEMONIC_LEA: loadedAddress ?? lost(written)
        case ZYDIS_MNEMONIC_MOV: moved ?? lost(written)
        default: other(written)
        }
    }

    private func other(_ written: UInt16) -> StackEffect {
        switch instruction.meta.category {
        case ZYDIS_CATEGORY_COND_BR: relative.map { .branch($0, isConditional: true) } ?? .stop
        case ZYDIS_CATEGORY_RET: .return
        default: lost(written)
        }
    }

    private func lost(_ written: UInt16) -> StackEffect {
        if written & 1 << UInt16(Self.stackPointer) != 0 { return .loseStackPointer }
        return written & 1 << UInt16(Self.framePointer) != 0 ? .loseFramePointer : .none
    }

    private var isWholeWord: Bool { instruction.operand_width == 64 }

    private var relative: Int64? {
        guard operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE, operands[0].imm.is_relative != 0 else { return nil }
        return operands[0].imm.value.s
    }

    private func adjusted(sign: Int64) -> StackEffect? {
        guard isWholeWord, register(0) == Self.stackPointer, let distance = immediate(1) else { return nil }
        return .adjust(sign * distance)
    }

    private var moved: StackEffect? {
        guard isWholeWord else { return nil }
        switch (register(0), register(1)) {
        case (Self.framePointer, Self.stackPointer): return .setFramePointer(0)
        case (Self.stackPointer, Self.framePointer): return .setStackPointer(0)
        default: return nil
        }
    }

    private var loadedAddress: StackEffect? {
        guard isWholeWord, let target = register(0), let memory = memory(1), memory.index == ZYDIS_REGISTER_NONE
        else { return nil }
        switch (target, number(memory.base)) {
        case (Self.stackPointer, Self.stackPointer): return .adjust(memory.disp.value)
        case (Self.framePointer, Self.stackPointer): return .setFramePointer(memory.disp.value)
        case (Self.stackPointer, Self.framePointer): return .setStackPointer(memory.disp.value)
        default: return nil
        }
    }

    // MARK: Steps of jumps through tables

    private var step: TableStep {
        switch instruction.mnemonic {
        case ZYDIS_MNEMONIC_CMP: comparison
        case ZYDIS_MNEMONIC_JNBE: .branches(fallThrough: 1, taken: nil)
        case ZYDIS_MNEMONIC_JNB: .branches(fallThrough: 0, taken: nil)
        case ZYDIS_MNEMONIC_JBE: .branches(fallThrough: nil, taken: 1)
        case ZYDIS_MNEMONIC_JB: .branches(fallThrough: nil, taken: 0)
        case ZYDIS_MNEMONIC_JMP: register(0).map { .jump($0) } ?? .none
        case ZYDIS_MNEMONIC_LEA, ZYDIS_MNEMONIC_MOVSXD: memoryStep
        case ZYDIS_MNEMONIC_ADD, ZYDIS_MNEMONIC_MOV, ZYDIS_MNEMONIC_MOVZX: registerStep
        default: .none
        }
    }

    private var memoryStep: TableStep {
        guard let target = register(0), let memory = memory(1) else { return .none }
        if instruction.mnemonic == ZYDIS_MNEMONIC_LEA {
            return memory.base == ZYDIS_REGISTER_RIP ? .address(target, memory.disp.value) : .none
        }
        guard memory.index != ZYDIS_REGISTER_NONE, memory.scale == 4, memory.disp.value == 0,
            let base = number(memory.base), let index = number(memory.index)
        else { return .none }
        return .load(target, table: base, index: index)
    }

    private var comparison: TableStep {
        guard let register = register(0), let value = immediate(1) else { return .none }
        return .compare(register, value)
    }

    private var registerStep: TableStep {
        guard let target = register(0), let source = register(1) else { return .none }
        guard instruction.mnemonic == ZYDIS_MNEMONIC_ADD else { return .copy(target, from: source) }
        return isWholeWord ? .add(target, source) : .none
    }
}
