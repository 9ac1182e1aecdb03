// SPDX-License-Identifier: Apache-2.0
// A part of the duration of a recording, from its samples.
//
// A sample has a time; a clock's reading for a part of the run there is none. So each sample keeps the weight that the
// whole recording gave it: a user sample its period, a tick its part of the thread's kernel time, a page fault likewise.
// Ranges that meet add up to the whole, without what has no stack.
import GRDB
import PotterCore
import PotterProfile

struct TimeRangeLoader {
    let db: Database
    let path: String

    init(_ db: Database, path: String) {
        self.db = db
        self.path = path
    }

    /// Leaves of each weight the part that samples taken in `range` (CLOCK_MONOTONIC, ns) stand for.
    func keep(_ range: Range<UInt64>, in profile: inout Profile) throws {
        var evidence = Evidence(profile)
        let rows = try RawStatement(db, "SELECT thread, stack, kind, time_ns, count, weight_ns FROM sample")
        while try rows.step() {
            guard let kind = SampleKind(rawValue: UInt8(clamping: rows.int(2))) else { continue }
            evidence.add(
                thread: UInt32(clamping: rows.int(0)), stack: UInt32(clamping: rows.int(1)), kind, count: rows.uint(4),
                weightNs: rows.uint(5), isInside: range.contains(rows.uint(3)))
        }
        profile.weights = evidence.weights(of: profile)
    }
}

/// For each weight of a profile, the samples that it was made of: all, and those in the range.
private struct Evidence {
    private struct Sums {
        var all: UInt64 = 0
        var inside: UInt64 = 0
        var samples: UInt64 = 0
    }

    private var indices = InternTable(capacity: 1 << 10)
    private var sums: [Sums]
    /// By thread id: whether ticks have weights of their own there.
    private let isTimer: [UInt32: Bool]

    init(_ profile: Profile) {
        isTimer = Dictionary(profile.summary.threads.map { ($0.id, $0.engine == .timer) }) { first, _ in first }
        sums = Array(repeating: Sums(), count: profile.weights.count)
        for (index, weight) in profile.weights.enumerated() where weight.kind.hasStack && weight.thread != 0 {
            // Kernel time is a frame below the stack that was sampled.
            let stack = weight.kind == .user ? weight.stack : profile.stacks.parents[Int(weight.stack)]
            _ = indices.id(of: Self.key(weight.thread, stack, weight.kind), orInsert: UInt32(index + 1))
        }
    }

    /// 29 bits of thread, 3 of kind, 32 of stack.
    private static func key(_ thread: UInt32, _ stack: UInt32, _ kind: WeightKind) -> UInt64 {
        UInt64(thread) << 35 | UInt64(kind.rawValue & 7) << 32 | UInt64(stack)
    }

    mutating func add(
        thread: UInt32, stack: UInt32, _ kind: SampleKind, count: UInt64, weightNs: UInt64, isInside: Bool
    ) {
        let isTimer = isTimer[thread] ?? false
        guard let kind = weightKind(of: kind, isTimer), let id = indices.id(of: Self.key(thread, stack, kind)) else {
            return
        }
        let index = Int(id) - 1
        // A tick of engine perf has no weight of its own: kernel time is divided by their number.
        let amount = min(kind == .kernel && !isTimer ? count : weightNs, 1 << 40)
        sums[index].all &+= amount
        guard isInside else { return }
        sums[index].inside &+= amount
        sums[index].samples &+= 1
    }

    private func weightKind(of kind: SampleKind, _ isTimer: Bool) -> WeightKind? {
        switch kind {
        case .user: .user
        case .tick: isTimer ? .user : nil
        case .syscallTick: .kernel
        case .fault: .fault
        }
    }

    func weights(of profile: Profile) -> [Weight] {
        zip(profile.weights, sums).compactMap { weight, sums in
            guard sums.inside > 0, sums.inside <= sums.all, weight.weightNs > 0 else { return nil }
            let product = UInt64(weight.weightNs).multipliedFullWidth(by: sums.inside)
            return Weight(
                stack: weight.stack, process: weight.process, thread: weight.thread, kind: weight.kind,
                samples: sums.samples, weightNs: Int64(sums.all.dividingFullWidth(product).quotient))
        }
    }
}
