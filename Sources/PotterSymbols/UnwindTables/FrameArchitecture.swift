// SPDX-License-Identifier: Apache-2.0
// What call frame information of an architecture is written in. Sources: the System V ABI's supplement for AMD64,
// figure 3.36; "DWARF for the Arm 64-bit Architecture", section 4.1.

/// Numbers that DWARF gives to the registers of x86-64.
enum FrameRegister {
    static let base: UInt64 = 3  // rbx
    static let framePointer: UInt64 = 6  // rbp
    static let stackPointer: UInt64 = 7  // rsp
    static let asyncContext: UInt64 = 14  // r14
    static let returnAddress: UInt64 = 16
}

struct FrameArchitecture: Equatable, Sendable {
    /// e_machine of an ELF header.
    let machine: UInt8
    let framePointer, stackPointer, asyncContext, returnAddress: UInt64

    static let x86_64 = FrameArchitecture(
        machine: 62, framePointer: FrameRegister.framePointer, stackPointer: FrameRegister.stackPointer,
        asyncContext: FrameRegister.asyncContext, returnAddress: FrameRegister.returnAddress)
    /// x29, sp, x22, x30.
    static let aarch64 = FrameArchitecture(
        machine: 183, framePointer: 29, stackPointer: 31, asyncContext: 22, returnAddress: 30)

    #if arch(arm64)
        static let native = aarch64
    #else
        static let native = x86_64
    #endif

    var isArm: Bool { machine == Self.aarch64.machine }
}
