// SPDX-License-Identifier: Apache-2.0

/// Kernel time of a thread, ns: in system calls and in page faults.
struct KernelTime: Equatable {
    var calls: UInt64
    var faults: UInt64

    /// Both are at most 3 times what there is evidence of. Ticks alias with programs that sleep: of 2.0 s in system calls
    /// of a loop that worked 35 us and slept 100 us they saw 0.96 s. A page fault costs 0.7 to 2 times what was measured
    /// of one when the recording began, a huge page more [measured].
    static let cap: UInt64 = 3

    /// Divides `kernelNs`, which is exact, between the two by this evidence, which is not. System calls have their share
    /// of all ticks of `sampledNs`, which needs no cost of a fault; faults have the rest, as far as their number allows.
    func scaled(to kernelNs: UInt64, of sampledNs: UInt64, userTicksNs: UInt64) -> KernelTime {
        let (mostCalls, mostFaults) = (calls &* Self.cap, faults &* Self.cap)
        guard calls > 0, faults > 0 else {
            return KernelTime(calls: min(kernelNs, mostCalls), faults: min(kernelNs, mostFaults))
        }
        var rest = Self.part(kernelNs, faults, of: calls + faults)
        if userTicksNs > 0, sampledNs > 0 {
            let byTicks = Self.part(sampledNs, calls, of: calls + userTicksNs)
            rest = max(kernelNs - min(byTicks, kernelNs), faults / Self.cap)
        }
        let inCalls = min(kernelNs - min(rest, mostFaults, kernelNs), mostCalls)
        return KernelTime(calls: inCalls, faults: min(kernelNs - inCalls, mostFaults))
    }

    /// `whole` times `part` / `all`; `part` is at most `all`, and that is not 0.
    private static func part(_ whole: UInt64, _ part: UInt64, of all: UInt64) -> UInt64 {
        all.dividingFullWidth(whole.multipliedFullWidth(by: part)).quotient
    }
}
