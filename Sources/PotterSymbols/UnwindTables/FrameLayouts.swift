// SPDX-License-Identifier: Apache-2.0
// The rules of arm64, whose frames are too varied for 32 bits: a row names one of the table's layouts
// (pp_unwind_layout in pp_unwind_table.h).

import CPotterWire

/// Where things are in a frame, in bytes from the canonical frame address; or PP_SAVED_*.
struct FrameLayout: Hashable {
    /// Of the canonical frame address, from sp or x29.
    var frameAddress: Int32 = 0
    var returnAddress = PP_SAVED_SAME
    var framePointer = PP_SAVED_SAME
    var asyncContext = PP_SAVED_SAME

    /// The return address is in x30, and nothing is on the stack: PLT stubs, the beginning of functions.
    static let leaf = FrameLayout()
}

/// The layouts of a table in the making, each once.
struct FrameLayouts {
    private static let limit = 1 << 20  // Real modules have hundreds; a bound on what hostile input can keep.

    private(set) var all: [FrameLayout] = []
    private var indices: [FrameLayout: UInt32] = [:]

    /// The rule for a state of arm64 registers.
    mutating func rule(_ state: FrameState, isSignalFrame: Bool) -> CompactRule {
        // Only the kernel makes signal frames. What it saved lies at sp, whatever the entry says of x29.
        if isSignalFrame { return state == .other ? .other : .signal }
        if state.returnAddress == .undefined { return .end }
        let architecture = FrameArchitecture.aarch64
        guard case .register(let register, let offset) = state.frameAddress,
            register == architecture.stackPointer || register == architecture.framePointer,
            let layout = Self.layout(state, offset)
        else { return .other }
        return rule(layout, byFramePointer: register == architecture.framePointer)
    }

    mutating func rule(_ layout: FrameLayout, byFramePointer: Bool = false) -> CompactRule {
        let kind = byFramePointer ? PP_UNWIND_AT_FP : PP_UNWIND_AT_SP
        if let known = indices[layout] { return CompactRule(kind, index: known) }
        guard all.count < Self.limit else { return .other }
        let index = UInt32(all.count)
        all.append(layout)
        indices[layout] = index
        return CompactRule(kind, index: index)
    }

    private static func layout(_ state: FrameState, _ offset: Int64) -> FrameLayout? {
        // glibc counts the two words that a PLT has pushed for _dl_runtime_resolve as the caller's: the return address
        // would be above the frame, and the caller's sp 16 too low.
        let pushed: Int64 = state.returnAddress == .atCFA(8) ? 16 : 0
        guard let address = place(offset &+ pushed) else { return nil }
        var layout = FrameLayout(frameAddress: address)
        switch state.returnAddress {
        case .same: break
        case .atCFA(let distance):
            guard let place = place(distance &- pushed) else { return nil }
            layout.returnAddress = place
        default: return nil
        }
        layout.framePointer = place(state.framePointer, pushed)
        layout.asyncContext = place(state.asyncContext, pushed)
        return layout
    }

    private static func place(_ saved: SavedRegister, _ pushed: Int64) -> Int32 {
        switch saved {
        case .same: PP_SAVED_SAME
        case .atCFA(let distance): place(distance &- pushed) ?? PP_SAVED_LOST
        default: PP_SAVED_LOST
        }
    }

    /// Nil if the distance is no multiple of a word, or too large.
    private static func place(_ distance: Int64) -> Int32? {
        distance & 7 == 0 ? Int32(exactly: distance) : nil
    }
}

extension pp_unwind_layout {
    init(_ layout: FrameLayout) {
        self.init(
            cfa: layout.frameAddress, ra: layout.returnAddress, fp: layout.framePointer, async: layout.asyncContext)
    }
}
