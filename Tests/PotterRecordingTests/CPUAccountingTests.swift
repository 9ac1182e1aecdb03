// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@Suite struct CPUAccountingTests {
    private func perf(cpuNs: UInt64?, armingNs: UInt64 = 0, _ totals: [SampleTotal]) -> [CPUAccounting.Share] {
        let usage = CPUAccounting.ThreadUsage(cpuNs: cpuNs, armingNs: armingNs, engine: .perf, tickNs: 4)
        return CPUAccounting.shares(of: usage, totals: totals)
    }

    private func total(_ stack: UInt32, _ kind: SampleKind, ticks: UInt64 = 1, weightNs: UInt64 = 0) -> SampleTotal {
        SampleTotal(stack: stack, kind: kind, samples: ticks, ticks: ticks, weightNs: weightNs)
    }

    private func sum(_ shares: [CPUAccounting.Share]) -> Int64 {
        shares.reduce(0) { $0 + $1.weightNs }
    }

    private func weight(_ shares: [CPUAccounting.Share], _ kind: WeightKind, _ stack: UInt32? = nil) -> Int64 {
        sum(shares.filter { $0.kind == kind && (stack ?? $0.stack) == $0.stack })
    }

    @Test func kernelTimeIsDividedByTicks() {
        let shares = perf(
            cpuNs: 1000, armingNs: 10,
            [
                total(1, .user, weightNs: 590), total(2, .syscallTick, ticks: 75), total(3, .syscallTick, ticks: 25),
                total(4, .tick, ticks: 500),
            ])
        #expect(weight(shares, .user) == 590)
        #expect(weight(shares, .arming) == 10)
        #expect(weight(shares, .kernel, 2) == 300)
        #expect(weight(shares, .kernel, 3) == 100)
        #expect(weight(shares, .kernel, 4) == 0)
        #expect(sum(shares) == 1000)
    }

    @Test func kernelTimeIsDividedAmongSystemCallsAndPageFaults() {
        let shares = perf(
            cpuNs: 1000,
            [
                total(1, .user, weightNs: 400), total(2, .syscallTick, ticks: 50), total(3, .fault, weightNs: 300),
                total(1, .fault, weightNs: 100),
            ])
        #expect(weight(shares, .kernel, 2) == 200)
        #expect(weight(shares, .fault, 3) == 300)
        #expect(weight(shares, .fault, 1) == 100)
        #expect(sum(shares) == 1000)
    }

    @Test func ticksTellSystemCallsFromFaultsWhateverAFaultCosts() {
        for cost in [70, 140, 280] as [UInt64] {  // of what the faults are said to have taken
            let usage = CPUAccounting.ThreadUsage(cpuNs: 1000, armingNs: 0, engine: .perf, tickNs: 4, userTicks: 225)
            let shares = CPUAccounting.shares(
                of: usage,
                totals: [
                    total(1, .user, weightNs: 600), total(2, .syscallTick, ticks: 25), total(3, .fault, weightNs: cost),
                ])
            #expect(weight(shares, .kernel) == (cost == 70 ? 190 : 100), "\(cost)")  // 3 x 70 at most
            #expect(weight(shares, .fault) == (cost == 70 ? 210 : 300), "\(cost)")
            #expect(sum(shares) == 1000)
        }
    }

    @Test func fewFaultsGetNoTimeOfSystemCallsThatTicksMissed() {
        let usage = CPUAccounting.ThreadUsage(cpuNs: 1000, armingNs: 0, engine: .perf, tickNs: 4, userTicks: 200)
        let shares = CPUAccounting.shares(
            of: usage,
            totals: [total(1, .user, weightNs: 500), total(2, .syscallTick, ticks: 50), total(3, .fault, weightNs: 10)])
        #expect(weight(shares, .fault) == 30)
        #expect(weight(shares, .kernel) == 470)
    }

    @Test func whatTheKernelCountsAsItsOwnBeyondCallsAndFaultsIsOtherKernel() {
        let samples = [
            total(1, .user, weightNs: 500), total(2, .syscallTick, ticks: 10), total(3, .fault, weightNs: 20),
        ]
        func shares(ticks: UInt64, kernelNs: UInt64) -> [CPUAccounting.Share] {
            let usage = CPUAccounting.ThreadUsage(
                cpuNs: 1000, armingNs: 0, engine: .perf, tickNs: 4, userTicks: ticks, kernelNs: kernelNs)
            return CPUAccounting.shares(of: usage, totals: samples)
        }
        let known = shares(ticks: 200, kernelNs: 400)  // of 500 beyond user code 120 are calls and 60 faults
        #expect(weight(known, .kernel) == 120 && weight(known, .fault) == 60)
        #expect(weight(known, .otherKernel) == 220)
        #expect(weight(known, .unattributed) == 100)
        #expect(weight(shares(ticks: 200, kernelNs: 900), .otherKernel) == 320)  // no more than is left
        #expect(weight(shares(ticks: 200, kernelNs: 100), .otherKernel) == 0)
        #expect(weight(shares(ticks: 24, kernelNs: 400), .otherKernel) == 0)  // too few ticks to tell
        #expect(sum(known) == 1000)
    }

    @Test func faultsAloneAreCappedToo() {
        let shares = perf(cpuNs: 1000, [total(1, .fault, weightNs: 100)])
        #expect(weight(shares, .fault) == 300)
        #expect(weight(shares, .unattributed) == 700)
    }

    @Test func hostileWeightsDoNotOverflow() {
        let shares = perf(
            cpuNs: .max,
            (1...100).flatMap { [total($0, .fault, weightNs: .max), total($0, .syscallTick, ticks: .max)] })
        #expect(sum(shares) == Int64(CPUAccounting.plausible(.max)))
    }

    @Test func kernelTimeIsCappedAndTheRestUnattributed() {
        let shares = perf(cpuNs: 1000, [total(1, .user, weightNs: 100), total(2, .syscallTick, ticks: 10)])
        #expect(weight(shares, .kernel) == 120)
        #expect(weight(shares, .unattributed) == 780)
        #expect(sum(shares) == 1000)
    }

    @Test func nothingIsScaledWhenSamplesExplainTooMuch() {
        let shares = perf(cpuNs: 1000, [total(1, .user, weightNs: 1300), total(2, .syscallTick, ticks: 10)])
        #expect(weight(shares, .user) == 1300)
        #expect(weight(shares, .kernel) == 0)
        #expect(weight(shares, .unattributed) == -300)
    }

    @Test func withoutSystemCallsNoKernelTimeIsInvented() {
        let shares = perf(cpuNs: 1000, [total(1, .user, weightNs: 400), total(1, .tick, ticks: 100)])
        #expect(weight(shares, .kernel) == 0)
        #expect(weight(shares, .unattributed) == 600)
    }

    @Test func divisionLosesNoNanosecond() {
        let ticks: [UInt64] = [1, 1, 1, 2, 7, 13, 1000]
        let totals = ticks.enumerated().map { total(UInt32($0.offset + 1), .syscallTick, ticks: $0.element) }
        for cpuNs in UInt64(1)...997 {
            #expect(weight(perf(cpuNs: cpuNs, totals), .kernel) == Int64(cpuNs))
        }
    }

    @Test func timerWeighsTicksAsTheyAre() {
        let usage = CPUAccounting.ThreadUsage(cpuNs: 100, armingNs: 2, engine: .timer, tickNs: 4)
        let shares = CPUAccounting.shares(
            of: usage, totals: [total(1, .tick, weightNs: 40), total(2, .syscallTick, weightNs: 48)])
        #expect(weight(shares, .user, 1) == 40)
        #expect(weight(shares, .kernel, 2) == 48)
        #expect(weight(shares, .unattributed) == 10)
        #expect(sum(shares) == 100)
    }

    @Test func aThreadWhoseClockWasNeverReadHasWhatWasSeen() {
        let shares = perf(cpuNs: nil, [total(1, .user, weightNs: 100), total(2, .syscallTick, ticks: 5)])
        #expect(weight(shares, .kernel) == 20)
        #expect(weight(shares, .unattributed) == 0)
    }

    @Test func processesShowStartupAndExit() {
        let shares = CPUAccounting.shares(ofProcess: 1000, startupCpuNs: 50, threadsCpuNs: 900)
        #expect(weight(shares, .startup) == 50)
        #expect(weight(shares, .exit) == 50)
        #expect(weight(CPUAccounting.shares(ofProcess: 100, startupCpuNs: 0, threadsCpuNs: 101), .unattributed) == -1)
        #expect(CPUAccounting.shares(ofProcess: nil, startupCpuNs: 0, threadsCpuNs: 7).isEmpty)
    }
}
