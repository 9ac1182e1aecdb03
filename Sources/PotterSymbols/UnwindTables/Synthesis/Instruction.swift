// SPDX-License-Identifier: Apache-2.0
// What the analysis of code without call frame information has to know of an instruction.

struct Instruction {
    var length: Int
    var effect: StackEffect
    var step: TableStep
    /// General registers that are written, one bit each, by their number in the encoding (rax 0, rcx 1, … r15 15).
    var written: UInt16
    /// nop of any length.
    var isPadding: Bool
    /// Accesses memory by rbp.
    var usesFrame: Bool
}

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

    /// Whether nothing comes after it on its path.
    var endsPath: Bool {
        switch self {
        case .stop, .return, .jumpIndirect, .branch(_, isConditional: false): true
        default: false
        }
    }
}

/// The steps of a jump through a table, as compilers for position-independent code make it:
///
///     cmp  $4, %eax ; ja default        .compare(rax, 4), .branches(fallThrough: 1)
///     lea  table(%rip), %rcx            .address(rcx, distance)
///     movslq (%rcx,%rax,4), %rax        .load(rax, table: rcx, index: rax)
///     add  %rcx, %rax                   .add(rax, rcx); or another address than the table's
///     jmp  *%rax                        .jump(rax)
enum TableStep: Equatable {
    case none
    /// The register is at most this, if what follows is `.branches`.
    case compare(UInt8, Int64)
    /// How many entries more than the compared number the path that is not taken, or is taken, has.
    case branches(fallThrough: Int64?, taken: Int64?)
    /// Distance from the next instruction.
    case address(UInt8, Int64)
    case load(UInt8, table: UInt8, index: UInt8)
    case add(UInt8, UInt8)
    /// Or the lower part of it, as an index.
    case copy(UInt8, from: UInt8)
    case jump(UInt8)
}
