// SPDX-License-Identifier: Apache-2.0
// How CPU time becomes weights of stacks. Pure: clocks and samples in, shares out.
//
//   thread's own clock  =  [arming] + user samples + system calls + page faults + [other kernel] + [unattributed]
//   process's clock     =  [startup] +  threads' clocks  +  [exit]
//
// Invariants
//  1. The shares of a thread add up to its clock exactly. Nothing is scaled: what samples do not explain is
//     [unattributed], and negative where they explain too much.
//  2. Kernel time is never invented from sampling noise: it is at most `KernelTime.cap` times what there is evidence of:
//     ticks that follow a system call, and samples of page faults.
//  3. Kernel time is never given to stacks of which there is none.
//  4. What the kernel itself counts as its own time, beyond the two kinds, is [other kernel], which has no stack.

/// The division of CPU time among stacks (design decision 3).
public enum CPUAccounting {
    /// A year, in nanoseconds, about. No clock here says more; one that does was written by a hostile program, or
    /// stands in a damaged file, and must not overflow the sums.
    static let mostNs: UInt64 = 1 << 55

    public static func plausible(_ ns: UInt64) -> UInt64 {
        min(ns, mostNs)
    }

    /// What is known of one thread beside its samples.
    public struct ThreadUsage: Sendable {
        /// CPU time by the thread's own clock since the recorder met it; nil if that was never read.
        public var cpuNs: UInt64?
        public var armingNs: UInt64
        public var engine: Engine
        public var tickNs: UInt64
        /// Ticks outside of system calls, engine perf: in user code and in page faults.
        public var userTicks: UInt64
        /// Kernel time by the kernel's own account (`ru_stime`): the share of its ticks that found the thread there.
        public var kernelNs: UInt64

        public init(
            cpuNs: UInt64?, armingNs: UInt64, engine: Engine, tickNs: UInt64, userTicks: UInt64 = 0,
            kernelNs: UInt64 = 0
        ) {
            self.userTicks = min(userTicks, 1 << 20)
            self.kernelNs = plausible(kernelNs)
            self.cpuNs = cpuNs.map(plausible)
            self.armingNs = plausible(armingNs)
            self.engine = engine
            self.tickNs = min(tickNs, 1 << 34)
        }
    }

    /// A part of a thread's or process's CPU time. For `.user` the time was spent in the leaf of `stack`, for `.kernel`
    /// in a system call made there, for `.fault` in page faults there; the other kinds have no stack (0).
    public struct Share: Equatable, Sendable {
        public var stack: UInt32
        public var kind: WeightKind
        public var samples: UInt64
        public var weightNs: Int64

        public init(stack: UInt32, kind: WeightKind, samples: UInt64, weightNs: Int64) {
            self.stack = stack
            self.kind = kind
            self.samples = samples
            self.weightNs = weightNs
        }
    }

    /// The shares of one thread.
    public static func shares(of thread: ThreadUsage, totals: [SampleTotal]) -> [Share] {
        let totals = totals.map(plausible)
        var shares = thread.engine == .timer ? timerShares(totals) : perfShares(thread, totals)
        if thread.armingNs > 0 {
            shares.append(Share(stack: 0, kind: .arming, samples: 0, weightNs: Int64(thread.armingNs)))
        }
        if let cpuNs = thread.cpuNs {
            var rest = shares.reduce(Int64(cpuNs)) { $0 &- $1.weightNs }
            let inKernel = otherKernel(thread, besides: shares, atMost: rest)
            if inKernel > 0 {
                shares.append(Share(stack: 0, kind: .otherKernel, samples: 0, weightNs: inKernel))
                rest -= inKernel
            }
            if rest != 0 {
                shares.append(Share(stack: 0, kind: .unattributed, samples: 0, weightNs: rest))
            }
        }
        return shares
    }

    /// Kernel time that is neither in system calls nor in page faults: interrupts, switches to other threads, signals.
    /// A thread of fewer ticks has no such account: a single one says that all of its time was in the kernel.
    private static func otherKernel(_ thread: ThreadUsage, besides shares: [Share], atMost rest: Int64) -> Int64 {
        guard thread.engine == .perf || thread.engine == .sigtrap, thread.userTicks >= leastTicks, rest > 0 else {
            return 0
        }
        let known = shares.reduce(Int64(0)) {
            $1.kind == .kernel || $1.kind == .fault ? $0 &+ $1.weightNs : $0
        }
        return min(rest, max(0, Int64(thread.kernelNs) &- known))
    }

    static let leastTicks: UInt64 = 25

    /// The shares of a process that no thread holds. A clock that ran less than the threads' own, by rounding, shows as
    /// negative `[unattributed]`, not as negative `[exit]`.
    public static func shares(ofProcess cpuNs: UInt64?, startupCpuNs: UInt64, threadsCpuNs: UInt64) -> [Share] {
        var shares: [Share] = []
        let startupCpuNs = plausible(startupCpuNs)
        if startupCpuNs > 0 {
            shares.append(Share(stack: 0, kind: .startup, samples: 0, weightNs: Int64(startupCpuNs)))
        }
        if let cpuNs {
            let rest = Int64(plausible(cpuNs)) - Int64(startupCpuNs) - Int64(plausible(threadsCpuNs))
            if rest != 0 {
                shares.append(Share(stack: 0, kind: rest > 0 ? .exit : .unattributed, samples: 0, weightNs: rest))
            }
        }
        return shares
    }

    private static func plausible(_ total: SampleTotal) -> SampleTotal {
        var total = total
        total.ticks = min(total.ticks, 1 << 40)
        total.weightNs = plausible(total.weightNs)
        return total
    }

    /// Engine timer: a tick is worth what it says, wherever it fell.
    private static func timerShares(_ totals: [SampleTotal]) -> [Share] {
        totals.map { total in
            Share(
                stack: total.stack, kind: total.kind == .syscallTick ? .kernel : .user, samples: total.samples,
                weightNs: Int64(total.weightNs))
        }
    }

    /// Engine perf: user samples are worth their mean period; ticks only divide what the clock has beyond them.
    private static func perfShares(_ thread: ThreadUsage, _ totals: [SampleTotal]) -> [Share] {
        var shares: [Share] = []
        var userNs: UInt64 = 0
        for total in totals where total.kind == .user {
            userNs &+= total.weightNs
            shares.append(
                Share(stack: total.stack, kind: .user, samples: total.samples, weightNs: Int64(total.weightNs)))
        }
        let calls = evidence(.syscallTick, in: totals, thread), faults = evidence(.fault, in: totals, thread)
        let seen = KernelTime(
            calls: calls.reduce(0) { $0 + $1.weightNs }, faults: faults.reduce(0) { $0 + $1.weightNs })
        guard seen.calls + seen.faults > 0 else { return shares }
        // A clock never read leaves only the evidence to go by.
        let sampledNs = thread.cpuNs.map { Int64($0) - Int64(thread.armingNs) }
        let beyondUser =
            sampledNs.map { $0 - Int64(plausible(userNs)) } ?? Int64(plausible(seen.calls) + plausible(seen.faults))
        let kernel = seen.scaled(
            to: UInt64(max(0, beyondUser)), of: UInt64(max(0, sampledNs ?? 0)),
            userTicksNs: plausible(thread.userTicks &* thread.tickNs))
        return shares + divide(kernel.calls, among: calls, seenNs: seen.calls)
            + divide(kernel.faults, among: faults, seenNs: seen.faults)
    }

    /// What tells of kernel time, with the time that it stands for as weight. Bounded so that the sum fits.
    private static func evidence(
        _ kind: SampleKind, in totals: [SampleTotal], _ thread: ThreadUsage
    ) -> [SampleTotal] {
        var evidence = totals.filter { $0.kind == kind }
        let most = (UInt64.max / 4) / UInt64(max(1, evidence.count))
        for i in evidence.indices {
            let ns = evidence[i].kind == .fault ? evidence[i].weightNs : evidence[i].ticks &* thread.tickNs
            evidence[i].weightNs = min(ns, most)
        }
        return evidence
    }

    /// In proportion to the evidence, to the nanosecond: each stack gets the difference of two rounded running sums.
    private static func divide(_ kernelNs: UInt64, among totals: [SampleTotal], seenNs: UInt64) -> [Share] {
        guard seenNs > 0 else { return [] }
        var seenSoFar: UInt64 = 0
        var givenNs: UInt64 = 0
        return totals.map { total in
            seenSoFar += total.weightNs
            let product = kernelNs.multipliedFullWidth(by: seenSoFar)
            let untilHere = seenNs.dividingFullWidth(product).quotient
            defer { givenNs = untilHere }
            return Share(
                stack: total.stack, kind: total.kind == .fault ? .fault : .kernel, samples: total.samples,
                weightNs: Int64(untilHere - givenNs))
        }
    }
}
