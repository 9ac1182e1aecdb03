// SPDX-License-Identifier: Apache-2.0
// Unwind rows for code without an FDE: follows the control flow of each function and keeps account of the stack.
//
// A Swift executable has no FDE for a third of its code (thunks, accessors, closures, whole functions), and stripped
// ones name no function there either. So functions are found by shape: after the padding that follows an FDE or another
// function. Code that is not reached (targets of jump tables) gets the rule of the body of its function.
//
// Hostile input: each instruction is decoded at most once per gap, so the work is linear in the size of the code.

struct StackHeightAnalyzer {
    private let code: UnsafeRawBufferPointer  // the bytes of the gap
    private let address: UInt64  // of code[0]; for alignment only
    private var known: [StackHeight?]  // by offset of an instruction
    private var isReached: [Bool]  // by byte

    /// Calls `emit` with offsets in `code`, ascending, from which on a rule holds.
    static func run(_ code: UnsafeRawBufferPointer, at address: UInt64, emit: (Int, CompactRule) -> Void) {
        var analyzer = StackHeightAnalyzer(code, address)
        analyzer.analyze()
        analyzer.emitRows(emit)
    }

    private init(_ code: UnsafeRawBufferPointer, _ address: UInt64) {
        self.code = code
        self.address = address
        known = Array(repeating: nil, count: code.count)
        isReached = Array(repeating: false, count: code.count)
    }

    private mutating func analyze() {
        var position = 0
        var body = StackHeight.entry  // of the function at hand
        var hasTable = false
        var isFirst = true
        while let next = skipPadding(position) {
            if isReached[next] {
                position = next
                while position < code.count, isReached[position] { position += 1 }
                continue
            }
            // Compilers align functions, and pad before them; the cases of a switch they do not pad.
            let isAligned = (address &+ UInt64(next)) & 15 == 0
            let isEntry = isFirst || (isAligned && (next > position || !hasTable))
            isFirst = false
            if isEntry { body = .entry }
            let found = follow(from: next, isEntry ? .entry : body)
            if isEntry { (body, hasTable) = (found.body ?? body, found.hasTable) }
            position = next
            if !isReached[next] { position += 1 }  // no instruction
            while position < code.count, isReached[position] { position += 1 }
        }
    }

    /// The first byte from `position` on that is no padding.
    private func skipPadding(_ position: Int) -> Int? {
        var position = position
        while position < code.count {
            if isReached[position] { return position }
            let byte = code[position]
            if byte == 0xcc || byte == 0 || byte == 0x90 {
                position += 1
            } else if let length = longNop(position) {
                position += length
            } else {
                return position
            }
        }
        return nil
    }

    /// nop r/m with any prefixes, as assemblers pad with.
    private func longNop(_ position: Int) -> Int? {
        var opcode = position
        while opcode < code.count, code[opcode] == 0x66 || code[opcode] == 0x2e { opcode += 1 }
        guard opcode > position || code[opcode] == 0x0f else { return nil }
        let isNop = opcode + 1 < code.count && code[opcode] == 0x0f && code[opcode + 1] == 0x1f
        let isExchange = opcode < code.count && code[opcode] == 0x90 && opcode > position
        return isNop || isExchange ? InstructionDecoder.decode(code, at: position)?.length : nil
    }

    /// Walks all paths from `start`. Returns the state of what it could not reach: the one at a jump through a table,
    /// or else the one in the middle of the function, at its calls.
    private mutating func follow(from start: Int, _ entry: StackHeight) -> (body: StackHeight?, hasTable: Bool) {
        var work = [(start, entry)]
        var body, atTable: StackHeight?
        while let (first, state) = work.popLast() {
            var (position, height) = (first, state)
            while position < code.count, !isReached[position],
                let instruction = InstructionDecoder.decode(code, at: position)
            {
                // Before a return the frame is gone, whatever this path says.
                known[position] = instruction.effect == .return ? .entry : height
                for offset in position..<position + instruction.length { isReached[offset] = true }
                if instruction.effect == .jumpIndirect, height != .entry || addsBefore(position) { atTable = height }
                position += instruction.length
                height.apply(instruction.effect)
                if case .call = instruction.effect, body == nil || height.frame != nil { body = height }
                if case .branch(let distance, _) = instruction.effect {
                    let target = position + Int(clamping: distance)
                    if target >= 0, target < code.count, !isReached[target] { work.append((target, height)) }
                }
                if endsPath(instruction.effect) { break }
            }
        }
        return (atTable ?? body, atTable != nil)
    }

    /// Whether `add reg, reg` comes before: tables hold distances, so it tells a jump through one from a tail call.
    private func addsBefore(_ position: Int) -> Bool {
        position >= 3 && code[position - 3] & 0xf8 == 0x48 && [0x01, 0x03].contains(code[position - 2])
    }

    private func endsPath(_ effect: StackEffect) -> Bool {
        switch effect {
        case .stop, .return, .jumpIndirect, .branch(_, isConditional: false): true
        default: false
        }
    }

    private func emitRows(_ emit: (Int, CompactRule) -> Void) {
        var last: CompactRule?
        for offset in code.indices {
            let rule: CompactRule
            if let height = known[offset] {
                rule = height.rule
            } else if isReached[offset] {
                continue
            } else {
                rule = .none
            }
            if rule != last { emit(offset, rule) }
            last = rule
        }
    }
}
