// SPDX-License-Identifier: Apache-2.0

/// What a raw sample is evidence of. The raw values are those of the recording file and never change.
public enum SampleKind: UInt8, Sendable, CaseIterable {
    /// A perf clock fired: stands for the period of user time that was in force.
    case user = 1
    /// The thread's CPU timer fired in user code.
    case tick = 2
    /// The thread's CPU timer fired and the pc follows a system call: evidence of time in the kernel.
    case syscallTick = 3
    /// A clock of page faults fired in the instruction that faulted: stands for `count` faults, evidence of their time.
    case fault = 4
}
