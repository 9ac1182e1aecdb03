// SPDX-License-Identifier: Apache-2.0
// Register rules of DWARF call frame information, and their 32-bit form in pp_unwind_table.h.

import CPotterWire

/// Where the caller's value of a register is.
enum SavedRegister: Equatable {
    case same
    case undefined
    case atCFA(Int64)
    case atFramePointer(Int64)
    case elsewhere
}

/// What the canonical frame address is.
enum FrameAddress: Equatable {
    case register(UInt64, offset: Int64)
    case framePointerDereferenced(offset: Int64)
    case stackPointerDereferenced(offset: Int64)  // plus 8
    case linkageStub(threshold: Int64)
    case signalContext
    case unsupported
}

/// The registers that matter, at one address.
struct FrameState: Equatable {
    var frameAddress = FrameAddress.unsupported
    var framePointer = SavedRegister.same
    var asyncContext = SavedRegister.same
    var returnAddress = SavedRegister.same

    static let other = FrameState()
}

/// A rule of an unwind row: PP_RULE_* in pp_unwind_table.h.
struct CompactRule: Equatable {
    let bits: UInt32

    static let none = CompactRule(PP_UNWIND_NONE)
    static let other = CompactRule(PP_UNWIND_OTHER)
    static let end = CompactRule(PP_UNWIND_END)
    static let lost = CompactRule(PP_UNWIND_LOST)
    static let signal = CompactRule(PP_UNWIND_SIGNAL)

    init(bits: UInt32) { self.bits = bits }

    private init(_ kind: pp_unwind_kind) { bits = kind.rawValue }

    /// A rule that names a layout.
    init(_ kind: pp_unwind_kind, index: UInt32) { bits = kind.rawValue | index << 4 }

    /// Nil if the offset is no multiple of 8, or too large.
    private init?(_ kind: pp_unwind_kind, offset: Int64, fp: UInt32 = 0, async: UInt32 = 0) {
        let limit: Int64 = 1 << 20
        guard offset & 7 == 0, offset >= -limit, offset < limit else { return nil }
        bits = kind.rawValue | fp << 4 | async << 9 | UInt32(truncatingIfNeeded: offset / 8) << 14
    }

    /// Of x86-64; arm64 has FrameLayouts.
    init(_ state: FrameState, isSignalFrame: Bool) {
        if isSignalFrame {
            self = state.frameAddress == .signalContext ? .signal : .other
        } else {
            switch state.returnAddress {
            case .undefined: self = .end
            case .atCFA(-8): self = Self.encode(state) ?? .other
            default: self = .other
            }
        }
    }

    private static func encode(_ state: FrameState) -> CompactRule? {
        var belowFramePointer = false
        let kind: pp_unwind_kind
        var distance: Int64
        switch state.frameAddress {
        case .register(FrameRegister.stackPointer, let offset): (kind, distance) = (PP_UNWIND_SP, offset)
        case .register(FrameRegister.framePointer, let offset): (kind, distance) = (PP_UNWIND_FP, offset)
        case .framePointerDereferenced(let offset):
            (kind, distance) = (PP_UNWIND_FP_DEREF, offset)
            belowFramePointer = true
        case .stackPointerDereferenced(let offset): (kind, distance) = (PP_UNWIND_SP_DEREF, offset)
        case .linkageStub(let threshold): (kind, distance) = (PP_UNWIND_PLT, threshold &* 8)
        case .register(FrameRegister.base, offset: 32): (kind, distance) = (PP_UNWIND_RESOLVE, 32)  // as ld.so has it
        case .register, .signalContext, .unsupported: return nil
        }
        return CompactRule(
            kind, offset: distance,
            fp: code(state.framePointer, belowFramePointer), async: code(state.asyncContext, belowFramePointer))
    }

    private static func code(_ saved: SavedRegister, _ belowFramePointer: Bool) -> UInt32 {
        switch saved {
        case .same: PP_RULE_SAME
        case .atCFA(let offset) where !belowFramePointer: slot(offset, nearest: -8)
        case .atFramePointer(let offset) where belowFramePointer: slot(offset, nearest: 0)
        default: PP_RULE_UNKNOWN
        }
    }

    /// Slots are counted downwards from `nearest`, which has code 2.
    private static func slot(_ offset: Int64, nearest: Int64) -> UInt32 {
        guard offset <= nearest, offset >= nearest - 29 * 8, offset & 7 == 0 else { return PP_RULE_UNKNOWN }
        return UInt32((nearest - offset) / 8) + 2
    }
}
