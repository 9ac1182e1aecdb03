// SPDX-License-Identifier: Apache-2.0
// Jumps through tables of distances, the form of a `switch` in position-independent code. Without their targets the
// cases look like code that nothing leads to.

/// A table that a jump goes through.
struct JumpTable: Equatable {
    var address: UInt64
    /// What the entries are distances from: the table itself, or a label in the code.
    var base: UInt64
    /// From the comparison before the jump; nil: the compiler knew that the index fits.
    var count: Int64?
}

/// What the general registers hold on one path, as far as it matters for such jumps.
struct TableRegisters {
    private var addresses = SIMD16<UInt64>()  // known ones; 0: none
    private var entries = SIMD16<UInt64>()  // the register holds an entry of the table at this address
    private var counts = SIMD16<Int64>(repeating: -1)  // of the entries that it may be
    private var targets = SIMD16<UInt64>()  // the register holds base + an entry of the table at this address
    private var bases = SIMD16<UInt64>()
    private var compared: (register: UInt8, value: Int64)?
    private var bound: (register: UInt8, count: Int64)?

    /// `next`: the address of the next instruction. Returns the table if this is the jump through it.
    mutating func apply(_ instruction: Instruction, next: UInt64) -> JumpTable? {
        let before = self
        forget(instruction.written)
        switch instruction.step {
        case .compare(let register, let value): compared = (register, value)
        case .branches(let fallThrough, _): narrow(fallThrough, before)
        case .address(let register, let distance):
            addresses[Int(register)] = next &+ UInt64(bitPattern: distance)
        case .load(let register, let table, let index): load(register, table, index, before)
        case .add(let first, let second): add(Int(first), Int(second), before)
        case .copy(let register, let source): copy(Int(register), Int(source), before)
        case .jump(let register):
            let (address, base) = (before.targets[Int(register)], before.bases[Int(register)])
            let count = before.counts[Int(register)]
            return address == 0 ? nil : JumpTable(address: address, base: base, count: count < 0 ? nil : count)
        case .none: break
        }
        return nil
    }

    /// The state on the path of the taken branch, given that after `apply` (the other path), and `before` it.
    func taken(_ instruction: Instruction, _ before: TableRegisters) -> TableRegisters {
        var result = self
        guard case .branches(_, let more) = instruction.step else { return result }
        result.bound = before.bound
        result.narrow(more, before)
        return result
    }

    private mutating func narrow(_ more: Int64?, _ before: TableRegisters) {
        guard let more, let compared = before.compared, (0..<Int64(1 << 16)).contains(compared.value) else { return }
        bound = (compared.register, compared.value + more)
    }

    private mutating func forget(_ written: UInt16) {
        guard written != 0 else { return }
        for register in 0..<16 where written & 1 << UInt16(register) != 0 {
            (addresses[register], entries[register], targets[register]) = (0, 0, 0)
            (counts[register], bases[register]) = (-1, 0)
        }
        if let bound, written & 1 << UInt16(bound.register) != 0 { self.bound = nil }
        if let compared, written & 1 << UInt16(compared.register) != 0 { self.compared = nil }
    }

    private mutating func load(_ register: UInt8, _ table: UInt8, _ index: UInt8, _ before: TableRegisters) {
        entries[Int(register)] = before.addresses[Int(table)]
        if let bound = before.bound, bound.register == index { counts[Int(register)] = bound.count }
    }

    private mutating func add(_ first: Int, _ second: Int, _ before: TableRegisters) {
        let (entry, other) = before.entries[first] != 0 ? (first, second) : (second, first)
        guard before.entries[entry] != 0, before.addresses[other] != 0 else { return }
        targets[first] = before.entries[entry]
        bases[first] = before.addresses[other]
        counts[first] = before.counts[entry]
    }

    private mutating func copy(_ register: Int, _ source: Int, _ before: TableRegisters) {
        addresses[register] = before.addresses[source]
        entries[register] = before.entries[source]
        counts[register] = before.counts[source]
        targets[register] = before.targets[source]
        bases[register] = before.bases[source]
        if let bound = before.bound, Int(bound.register) == source { self.bound = (UInt8(register), bound.count) }
    }
}
