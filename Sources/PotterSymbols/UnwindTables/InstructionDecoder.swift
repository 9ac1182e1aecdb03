// SPDX-License-Identifier: Apache-2.0
// Length of x86-64 instructions, and what they do to the stack. Enough for the stack-height analysis of functions that
// have no FDE; no names, no operands beyond that. Covers legacy, VEX and EVEX encodings.

/// What the analysis has to know of an instruction.
enum StackEffect: Equatable {
    case none
    case push(register: UInt8?)
    case pop(register: UInt8?)
    case adjust(Int64)  // rsp += n
    case setFramePointer(Int64)  // rbp = rsp + n
    case setStackPointer(Int64)  // rsp = rbp + n
    case leave
    case loseStackPointer  // rsp becomes what this analysis cannot follow
    case loseFramePointer  // rbp is written as a general register
    case branch(Int64, isConditional: Bool)  // distance from the next instruction
    case jumpIndirect
    case call(Int64?)
    case `return`
    case stop  // ud2, hlt, int3
}

struct Instruction {
    var length: Int
    var effect: StackEffect
}

/// One instruction in the making. Nil from `decode`: not an instruction, or the bytes end.
struct InstructionDecoder {
    private let code: UnsafeRawBufferPointer
    private let start: Int
    private var position: Int
    private var isWide = false  // REX.W
    private var extendsRegister = false  // REX.R
    private var extendsBase = false  // REX.B
    private var hasOperandPrefix = false
    private var modrm: UInt8 = 0
    private var modrmPosition = 0

    static func decode(_ code: UnsafeRawBufferPointer, at start: Int) -> Instruction? {
        var decoder = InstructionDecoder(code, start)
        guard let effect = decoder.run(), decoder.position - start <= 15 else { return nil }
        return Instruction(length: decoder.position - start, effect: effect)
    }

    private init(_ code: UnsafeRawBufferPointer, _ start: Int) {
        self.code = code
        self.start = start
        position = start
    }

    private mutating func byte() -> UInt8? {
        guard position < code.count else { return nil }
        defer { position += 1 }
        return code[position]
    }

    private mutating func run() -> StackEffect? {
        while let opcode = byte() {
            switch opcode {
            case 0x66: hasOperandPrefix = true
            case 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x67, 0xf0: break
            case 0x40...0x4f:
                (isWide, extendsRegister, extendsBase) = (opcode & 8 != 0, opcode & 4 != 0, opcode & 1 != 0)
                guard let next = byte() else { return nil }
                return one(next)
            default: return one(opcode)
            }
        }
        return nil
    }

    // MARK: Operands

    /// Consumes `count` bytes; nil if they are not there.
    private mutating func skip(_ count: Int) -> StackEffect? {
        guard code.count - position >= count else { return nil }
        position += count
        return StackEffect.none
    }

    private var immediateSize: Int { hasOperandPrefix ? 2 : 4 }

    private func signed(at place: Int, size: Int) -> Int64? {
        guard place >= 0, place + size <= code.count else { return nil }
        if size == 1 { return Int64(Int8(bitPattern: code[place])) }
        return Int64(Int32(littleEndian: code.loadUnaligned(fromByteOffset: place, as: Int32.self)))
    }

    /// ModRM, SIB and displacement, then an immediate.
    private mutating func operands(immediate: Int = 0) -> StackEffect? {
        modrmPosition = position
        guard let first = byte() else { return nil }
        modrm = first
        let (mode, base) = (modrm >> 6, modrm & 7)
        var displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0
        if mode != 3, base == 4 {
            guard let index = byte() else { return nil }
            if mode == 0, index & 7 == 5 { displacement = 4 }
        } else if mode == 0, base == 5 {
            displacement = 4
        }
        return skip(displacement + immediate)
    }

    private var register: UInt8 { modrm >> 3 & 7 | (extendsRegister ? 8 : 0) }
    private var base: UInt8 { modrm & 7 | (extendsBase ? 8 : 0) }
    private var isDirect: Bool { modrm >> 6 == 3 }

    // MARK: Opcode maps

    private mutating func one(_ opcode: UInt8) -> StackEffect? {
        switch opcode {
        case 0x0f: return two()
        case 0x00...0x3f: return arithmetic(opcode)
        case 0x50...0x57: return .push(register: opcode & 7 | (extendsBase ? 8 : 0))
        case 0x58...0x5f: return .pop(register: opcode & 7 | (extendsBase ? 8 : 0))
        case 0x62: return extended()
        case 0x63: return written(operands())
        case 0x68: return skip(4).map { _ in .push(register: nil) }
        case 0x6a: return skip(1).map { _ in .push(register: nil) }
        case 0x69: return written(operands(immediate: immediateSize))
        case 0x6b: return written(operands(immediate: 1))
        case 0x6c...0x6f, 0x90...0x99, 0x9b...0x9f, 0xa4...0xa7, 0xaa...0xaf, 0xd7, 0xec...0xef, 0xf5, 0xf8...0xfd:
            return opcode == 0x9c ? .push(register: nil) : opcode == 0x9d ? .pop(register: nil) : StackEffect.none
        case 0x70...0x7f: return branch(size: 1, isConditional: true)
        case 0xe0...0xe3: return branch(size: 1, isConditional: true)
        case 0xeb: return branch(size: 1, isConditional: false)
        case 0xe9: return branch(size: 4, isConditional: false)
        case 0xe8: return skip(4).flatMap { _ in signed(at: position - 4, size: 4).map { .call($0) } }
        case 0x80...0x8f: return group8(opcode)
        case 0xa0...0xa3: return skip(8)
        case 0xa8, 0xb0...0xb7, 0xcd, 0xe4...0xe7: return skip(1)
        case 0xa9: return skip(immediateSize)
        case 0xb8...0xbf:
            return skip(isWide ? 8 : immediateSize).map { _ in written(register: opcode & 7 | (extendsBase ? 8 : 0)) }
        case 0xc0...0xcf: return groupC(opcode)
        case 0xd0...0xd3, 0xd8...0xdf: return operands()
        case 0xf1: return StackEffect.none
        case 0xf4: return .stop
        case 0xf6, 0xf7, 0xfe, 0xff: return groupF(opcode)
        default: return nil
        }
    }

    private mutating func arithmetic(_ opcode: UInt8) -> StackEffect? {
        switch opcode & 7 {
        case 0, 1: return operands().map { _ in isDirect ? written(register: base, unless: opcode >= 0x38) : .none }
        case 2, 3: return operands().map { _ in written(register: register, unless: opcode >= 0x38) }
        case 4: return skip(1)
        case 5: return skip(immediateSize)
        default: return nil
        }
    }

    private mutating func group8(_ opcode: UInt8) -> StackEffect? {
        switch opcode {
        case 0x80, 0x83, 0x81:
            let size = opcode == 0x81 ? immediateSize : 1
            guard operands(immediate: size) != nil else { return nil }
            guard isDirect, opcode != 0x80 else { return StackEffect.none }
            return added(register: modrm >> 3 & 7, signed(at: position - size, size: size == 1 ? 1 : 4) ?? 0)
        case 0x89: return operands().map { _ in moved(from: register, to: base, isDirect) }
        case 0x8b:
            return operands().map { _ in isDirect ? moved(from: base, to: register, true) : written(register: register)
            }
        case 0x8d: return operands().map { _ in loadedAddress() }
        case 0x8f: return operands().map { _ in .pop(register: nil) }
        case 0x82: return nil
        case 0x87: return operands().map { _ in isDirect ? written(register: base) : .none }
        default: return operands()
        }
    }

    private mutating func groupC(_ opcode: UInt8) -> StackEffect? {
        switch opcode {
        case 0xc0, 0xc1, 0xc6: return operands(immediate: 1)
        case 0xc7: return operands(immediate: immediateSize).map { _ in isDirect ? written(register: base) : .none }
        case 0xc2: return skip(2).map { _ in .return }
        case 0xc3: return .return
        case 0xcc, 0xcf: return .stop
        case 0xc8: return skip(3).map { _ in .loseStackPointer }
        case 0xc9: return .leave
        case 0xc4, 0xc5: return vector(opcode)
        default: return nil
        }
    }

    private mutating func groupF(_ opcode: UInt8) -> StackEffect? {
        guard position < code.count else { return nil }
        let operation = code[position] >> 3 & 7
        if opcode < 0xf8 {
            return operands(immediate: operation < 2 ? (opcode == 0xf6 ? 1 : immediateSize) : 0)
        }
        guard operands() != nil else { return nil }
        switch (opcode, operation) {
        case (0xff, 2), (0xff, 3): return .call(nil)
        case (0xff, 4), (0xff, 5): return .jumpIndirect
        case (0xff, 6): return .push(register: nil)
        case (_, 0), (_, 1): return StackEffect.none
        default: return nil
        }
    }

    private mutating func two() -> StackEffect? {
        guard let opcode = byte() else { return nil }
        switch opcode {
        case 0x0b: return .stop  // ud2
        case 0x38: return byte() == nil ? nil : operands()
        case 0x3a: return byte() == nil ? nil : operands(immediate: 1)
        case 0x05...0x09, 0x0e, 0x30...0x37, 0x77, 0xa2, 0xaa, 0xc8...0xcf: return StackEffect.none
        case 0xa0, 0xa8: return .push(register: nil)
        case 0xa1, 0xa9: return .pop(register: nil)
        case 0x80...0x8f: return branch(size: 4, isConditional: true)
        case 0x70...0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4...0xc6: return operands(immediate: 1)
        case 0x40...0x4f, 0xaf, 0xb6...0xb8, 0xbc...0xbf: return written(operands())
        default: return operands()
        }
    }

    /// VEX.
    private mutating func vector(_ opcode: UInt8) -> StackEffect? {
        guard let first = byte() else { return nil }
        var map: UInt8 = 1
        if opcode == 0xc4 {
            map = first & 0x1f
            guard byte() != nil else { return nil }
        }
        return vectorOperands(map)
    }

    /// EVEX.
    private mutating func extended() -> StackEffect? {
        guard let first = byte(), skip(2) != nil else { return nil }
        return vectorOperands(first & 7)
    }

    private mutating func vectorOperands(_ map: UInt8) -> StackEffect? {
        guard let opcode = byte() else { return nil }
        switch map {
        case 1:
            if opcode == 0x77 { return StackEffect.none }
            let hasImmediate = (0x70...0x73).contains(opcode) || opcode == 0xc2 || (0xc4...0xc6).contains(opcode)
            return operands(immediate: hasImmediate ? 1 : 0)
        case 2, 5, 6: return operands()
        case 3: return operands(immediate: 1)
        default: return nil
        }
    }

    private mutating func branch(size: Int, isConditional: Bool) -> StackEffect? {
        guard skip(size) != nil, let distance = signed(at: position - size, size: size) else { return nil }
        return .branch(distance, isConditional: isConditional)
    }

    // MARK: Effects on rsp (4) and rbp (5)

    private func written(register: UInt8, unless isHarmless: Bool = false) -> StackEffect {
        if isHarmless { return .none }
        return register == 4 ? .loseStackPointer : register == 5 ? .loseFramePointer : .none
    }

    private mutating func written(_ operands: StackEffect?) -> StackEffect? {
        operands.map { _ in written(register: register) }
    }

    private func added(register operation: UInt8, _ value: Int64) -> StackEffect {
        guard base == 4 else { return written(register: base, unless: operation == 7) }
        switch operation {
        case 0: return isWide ? .adjust(value) : .loseStackPointer
        case 5: return isWide ? .adjust(-value) : .loseStackPointer
        case 7: return .none
        default: return .loseStackPointer  // `and` aligns
        }
    }

    private func moved(from source: UInt8, to target: UInt8, _ isDirect: Bool) -> StackEffect {
        guard isDirect else { return .none }
        if isWide, source == 4, target == 5 { return .setFramePointer(0) }
        if isWide, source == 5, target == 4 { return .setStackPointer(0) }
        return written(register: target)
    }

    private func loadedAddress() -> StackEffect {
        guard register == 4 || register == 5 else { return .none }
        let mode = modrm >> 6
        let lost = written(register: register)
        guard isWide, mode == 1 || mode == 2, !extendsBase else { return lost }
        let hasIndex = modrm & 7 == 4
        if hasIndex, code[modrmPosition + 1] != 0x24 { return lost }  // an index, or a base other than rsp
        let size = mode == 1 ? 1 : 4
        guard let distance = signed(at: modrmPosition + (hasIndex ? 2 : 1), size: size) else { return lost }
        switch (base, register) {
        case (4, 4): return .adjust(distance)
        case (4, 5): return .setFramePointer(distance)
        case (5, 4): return .setStackPointer(distance)
        default: return lost
        }
    }
}
