// SPDX-License-Identifier: Apache-2.0
// What a function without an FDE has done to the stack, at one instruction.

struct StackHeight: Equatable {
    /// CFA - rsp; nil while unknown (alloca, alignment).
    private(set) var height: Int64? = 8
    /// CFA - rbp, once rbp is a frame pointer.
    private(set) var frame: Int64?
    private(set) var framePointer = SavedRegister.same
    private(set) var asyncContext = SavedRegister.same

    /// At the first instruction of a function.
    static let entry = StackHeight()

    /// Whether rbp is no more the caller's.
    var ownsFramePointer: Bool { frame != nil || framePointer != .same }

    var rule: CompactRule {
        var state = FrameState()
        if let frame {
            state.frameAddress = .register(FrameRegister.framePointer, offset: frame)
        } else if let height {
            state.frameAddress = .register(FrameRegister.stackPointer, offset: height)
        }
        state.framePointer = framePointer
        state.asyncContext = asyncContext
        state.returnAddress = .atCFA(-8)
        return CompactRule(state, isSignalFrame: false)
    }

    mutating func apply(_ effect: StackEffect) {
        switch effect {
        case .push(let register): push(register)
        case .pop(let register): pop(register)
        case .adjust(let distance): height = height.map { $0 &- distance }
        case .setFramePointer(let distance):
            // Only a frame pointer if it points at the caller's; else rbp happens to point into the stack.
            // Asynchronous functions push r14 after it, and take its address by lea.
            frame = height.map { $0 &- distance }.flatMap { framePointer == .atCFA(0 &- $0) ? $0 : nil }
        case .setStackPointer(let distance): height = frame.map { $0 &- distance }
        case .leave:
            height = frame
            pop(5)
        case .loseStackPointer: height = nil
        case .loseFramePointer:
            frame = nil
            if framePointer == .same { framePointer = .undefined }
        case .none, .branch, .jumpIndirect, .call, .return, .stop: break
        }
    }

    private mutating func push(_ register: UInt8?) {
        guard let height else { return }
        self.height = height &+ 8
        if register == 5, framePointer == .same { framePointer = .atCFA(0 &- (height &+ 8)) }
        if register == 14, asyncContext == .same { asyncContext = .atCFA(0 &- (height &+ 8)) }
    }

    private mutating func pop(_ register: UInt8?) {
        defer { height = height.map { $0 &- 8 } }
        if register == 4 { height = nil }
        if register == 5, let frame {
            // Where the caller's rbp is popped, rsp is at its slot, whatever this path (a call that does not return
            // before, perhaps) made of rsp.
            height = frame
            self.frame = nil
            framePointer = .same
        }
        guard let height else { return }
        if register == 5, framePointer == .atCFA(0 &- height) { framePointer = .same }
        if register == 14, asyncContext == .atCFA(0 &- height) { asyncContext = .same }
    }
}
