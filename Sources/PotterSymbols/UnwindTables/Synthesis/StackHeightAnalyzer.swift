// SPDX-License-Identifier: Apache-2.0
// Unwind rows for code without an FDE: follows the control flow of each function and keeps account of the stack.
//
// A Swift executable has no FDE for a third of its code (thunks, accessors, closures, whole functions), and stripped
// ones name no function there either. So functions are found by who calls them, and by shape: after the padding that
// follows an FDE or another function. Code that nothing leads to (targets of jump tables that were not understood) gets
// the rule of the body of its function.
//
// Hostile input: a function is walked `mostTrials` times at most, and as many entries of jump tables are read as there
// are bytes of code, so the work is linear in the size of the code.

/// A piece of code and what is known of it beforehand.
struct CodeRegion {
    var bytes: UnsafeRawBufferPointer
    var address: UInt64
    /// Offsets at which functions are known to begin.
    var entries: Set<Int> = []
    /// Addresses at which data begin, ascending: where one does, a jump table before it ends.
    var dataStarts: [UInt64] = []
    /// Up to so many distances at an address, fewer if they are not there.
    var tableEntries: (_ address: UInt64, _ count: Int) -> [Int32] = { _, _ in [] }
}

struct StackHeightAnalyzer {
    /// How a rule was come by.
    enum Reach: UInt8 {
        case none, followed
        /// From the body of the function: no path that was followed leads there.
        case assumed
    }

    private let region: CodeRegion
    private let decoder: InstructionDecoder
    private var rules: [UInt32]  // by offset of an instruction
    private var isInstruction: [Bool]  // by byte: starts one
    private var reach: [Reach]  // by byte
    private let entries: [Int]  // ascending
    private var tableBudget: Int

    /// Calls `emit` with offsets in the region, ascending, from which on a rule holds.
    static func run(
        _ region: CodeRegion, _ decoder: InstructionDecoder, emit: (Int, CompactRule, Reach) -> Void
    ) {
        var analyzer = StackHeightAnalyzer(region, decoder)
        analyzer.analyze()
        analyzer.emitRows(emit)
    }

    private init(_ region: CodeRegion, _ decoder: InstructionDecoder) {
        self.region = region
        self.decoder = decoder
        entries = region.entries.sorted()
        rules = Array(repeating: CompactRule.none.bits, count: region.bytes.count)
        isInstruction = Array(repeating: false, count: region.bytes.count)
        reach = Array(repeating: .none, count: region.bytes.count)
        tableBudget = region.bytes.count + 4096
    }

    // MARK: Functions

    private mutating func analyze() {
        for entry in entries where reach[entry] == .none { _ = follow(from: entry, .entry, .followed) }
        var position = 0
        var body = StackHeight.entry  // of the function at hand
        var hasTable = false
        var isFirst = true
        while let next = skipPadding(position) {
            if reach[next] == .none {
                // Compilers align functions, and pad before them; the cases of a switch they do not pad.
                let isAligned = (region.address &+ UInt64(next)) & 15 == 0
                let isEntry = isFirst || (isAligned && (next > position || !hasTable))
                if let found = isEntry ? followEntry(at: next) : nil {
                    (body, hasTable) = (found.body ?? .entry, found.hasTable)
                } else {
                    _ = follow(from: next, body, .assumed)
                }
            }
            isFirst = false
            position = next
            if reach[next] == .none { position += 1 }  // no instruction
            while position < reach.count, reach[position] != .none { position += 1 }
        }
    }

    /// The first byte from `position` on that is no padding.
    private func skipPadding(_ position: Int) -> Int? {
        var position = position
        while position < reach.count {
            if reach[position] != .none { return position }
            let byte = region.bytes[position]
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
        let code = region.bytes
        var opcode = position
        while opcode < code.count, code[opcode] == 0x66 || code[opcode] == 0x2e { opcode += 1 }
        guard opcode > position || code[opcode] == 0x0f else { return nil }
        let isNop = opcode + 1 < code.count && code[opcode] == 0x0f && code[opcode + 1] == 0x1f
        let isExchange = opcode < code.count && code[opcode] == 0x90 && opcode > position
        return isNop || isExchange ? decoder.decode(code, at: position)?.length : nil
    }

    // MARK: One function

    /// nil if it is no function: it leads to code of the one before, with another height of the stack, or uses a frame
    /// that it did not make. Landing pads of exceptions do, and cases of a switch that was not understood.
    private mutating func followEntry(at start: Int) -> FunctionWalk? {
        let walk = follow(from: start, .entry, .followed)
        guard walk.contradicts else { return walk }
        undo(walk)
        return nil
    }

    private mutating func undo(_ walk: FunctionWalk) {
        for (offset, length) in walk.visited {
            isInstruction[offset] = false
            for byte in offset..<offset + length { reach[byte] = .none }
        }
    }

    /// Walks all paths from `start`. A call that does not return is known by what comes after it: a branch leads there
    /// from elsewhere, with another height of the stack. Then the walk is done again, and ends at that call.
    private mutating func follow(from start: Int, _ entry: StackHeight, _ kind: Reach) -> FunctionWalk {
        var walk = FunctionWalk()
        for _ in 0..<FunctionWalk.mostTrials {
            run(&walk, from: start, entry, kind)
            guard walk.foundSilentCall else { break }
            undo(walk)
            walk = FunctionWalk(silent: walk.silent)
        }
        return walk
    }

    private mutating func run(_ walk: inout FunctionWalk, from start: Int, _ entry: StackHeight, _ kind: Reach) {
        walk.paths = [CodePath(position: start, height: entry)]
        while var path = nextPath(&walk, start) {
            check(path, &walk)
            var isFirst = true
            while path.position < reach.count, reach[path.position] == .none,
                isFirst || !region.entries.contains(path.position), !walk.silent.contains(path.position),
                let instruction = decoder.decode(region.bytes, at: path.position)
            {
                isFirst = false
                note(instruction, path, &walk, kind)
                step(instruction, &path, &walk)
                if instruction.effect.endsPath {
                    path.isOver = true
                    break
                }
            }
            if !path.isOver, path.callBefore == nil, path.position < reach.count { check(path, &walk) }
        }
    }

    /// Tables come last: what was followed before is known to be instructions.
    private mutating func nextPath(_ walk: inout FunctionWalk, _ start: Int) -> CodePath? {
        while walk.paths.isEmpty, let (table, path) = walk.nextJump() {
            let targets = self.targets(of: table, start)
            for target in targets { branch(to: target, path, &walk) }
            if targets.isEmpty { (walk.atTable, walk.hasTable) = (path.height, true) }
        }
        return walk.paths.popLast()
    }

    private mutating func note(_ instruction: Instruction, _ path: CodePath, _ walk: inout FunctionWalk, _ kind: Reach)
    {
        let offset = path.position
        // Before a return the frame is gone, whatever this path says.
        rules[offset] = (instruction.effect == .return ? .entry : path.height).rule.bits
        isInstruction[offset] = true
        for byte in offset..<offset + instruction.length { reach[byte] = kind }
        walk.visited.append((offset, instruction.length))
        if let call = path.callBefore { walk.afterCall[offset] = call }
    }

    /// Over one instruction.
    private mutating func step(_ instruction: Instruction, _ path: inout CodePath, _ walk: inout FunctionWalk) {
        let next = path.position + instruction.length
        let before = path
        let table = path.registers.apply(instruction, next: region.address &+ UInt64(next))
        if instruction.usesFrame, !path.height.ownsFramePointer { walk.contradicts = true }
        path.height.apply(instruction.effect)
        path.position = next
        if !instruction.isPadding { path.callBefore = nil }
        switch instruction.effect {
        case .call:
            path.callBefore = next
            if walk.body == nil || path.height.frame != nil { walk.body = path.height }
        case .branch(let distance, _):
            var taken = path
            taken.registers = path.registers.taken(instruction, before.registers)
            branch(to: next + Int(clamping: distance), taken, &walk)
        case .jumpIndirect: jump(through: table, path, &walk)
        default: break
        }
    }

    private mutating func branch(to target: Int, _ path: CodePath, _ walk: inout FunctionWalk) {
        guard target >= 0, target < reach.count, !region.entries.contains(target) else { return }
        let taken = CodePath(position: target, height: path.height, registers: path.registers)
        if reach[target] == .none { walk.paths.append(taken) } else { check(taken, &walk) }
    }

    /// Looks whether a path leads to known code with another height than was noted there.
    private func check(_ path: CodePath, _ walk: inout FunctionWalk) {
        guard isInstruction[path.position], rules[path.position] != path.height.rule.bits else { return }
        if let call = walk.afterCall[path.position] {
            if walk.silent.insert(call).inserted { walk.foundSilentCall = true }
        } else {
            walk.contradicts = true
        }
    }

    private mutating func jump(through table: JumpTable?, _ path: CodePath, _ walk: inout FunctionWalk) {
        if let table {
            walk.jumps.append((table, path))
        } else if path.height != .entry {  // a jump out of the function, a tail call, has given its frame back
            (walk.atTable, walk.hasTable) = (path.height, true)
        }
    }

    /// Offsets; none if the table makes no sense.
    private mutating func targets(of table: JumpTable, _ start: Int) -> [Int] {
        let after = region.dataStarts.partitioningIndex { $0 > table.address }
        let room =
            after < region.dataStarts.count
            ? (region.dataStarts[after] - table.address) / 4 : UInt64(FunctionWalk.mostCases)
        let count = min(Int(clamping: table.count ?? Int64(clamping: room)), FunctionWalk.mostCases)
        guard count > 0, tableBudget >= count else { return [] }
        tableBudget -= count
        let end = functionEnd(start)
        var result: [Int] = []
        for entry in region.tableEntries(table.address, count) {
            let target = table.base &+ UInt64(bitPattern: Int64(entry)) &- region.address
            guard target >= UInt64(start), target < UInt64(end),
                reach[Int(target)] == .none || isInstruction[Int(target)]
            else {
                if table.count == nil { break }
                return []
            }
            result.append(Int(target))
        }
        return result
    }

    /// Where the next function begins that is known.
    private func functionEnd(_ start: Int) -> Int {
        let next = entries.partitioningIndex { $0 > start }
        return next < entries.count ? entries[next] : reach.count
    }

    private func emitRows(_ emit: (Int, CompactRule, Reach) -> Void) {
        var last: (rule: UInt32, reach: Reach)?
        for offset in reach.indices where isInstruction[offset] || reach[offset] == .none {
            let rule = isInstruction[offset] ? rules[offset] : CompactRule.none.bits
            if last == nil || (rule, reach[offset]) != last! { emit(offset, CompactRule(bits: rule), reach[offset]) }
            last = (rule, reach[offset])
        }
    }
}
