// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// Running sums by (thread, stack, kind): so that the end of a long recording need not read its samples again.
struct SampleTotals {
    private var ids = InternTable(capacity: 1 << 10)
    private var threads: [UInt32] = []
    private var totals: [SampleTotal] = []

    mutating func add(thread: UInt32, _ total: SampleTotal) {
        // 29 bits of thread, 3 of kind, 32 of stack.
        precondition(thread < 1 << 29, "more than half a billion threads")
        let key = UInt64(thread) << 35 | UInt64(total.kind.rawValue) << 32 | UInt64(total.stack)
        let found = ids.id(of: key, orInsert: UInt32(totals.count + 1))
        if found.inserted {
            threads.append(thread)
            totals.append(total)
            if total.kind == .syscallTick || total.kind == .fault { inKernel += 1 }
        } else {
            let index = Int(found.id) - 1
            totals[index].samples &+= total.samples
            totals[index].ticks &+= total.ticks
            totals[index].weightNs &+= total.weightNs
        }
    }

    /// Sums of time in the kernel: each gets a stack of its own.
    private(set) var inKernel = 0

    /// Sums in the table.
    var count: Int { totals.count }

    /// Samples of the stacks through each location, by its id.
    func samplesByLocation(in trie: StackTrie) -> [UInt64] {
        var through = [UInt64](repeating: 0, count: trie.nodes.count)
        for total in totals { through[Int(total.stack)] &+= total.samples }
        var samples = [UInt64](repeating: 0, count: trie.locations.count)
        // A parent's id is smaller than its children's.
        for id in trie.nodes.indices.dropFirst().reversed() {
            samples[Int(trie.nodes[id].location)] &+= through[id]
            through[Int(trie.nodes[id].parent)] &+= through[id]
        }
        return samples
    }

    /// By thread id, each in the order of first appearance.
    func byThread(count: Int) -> [[SampleTotal]] {
        var result: [[SampleTotal]] = Array(repeating: [], count: count)
        for (thread, total) in zip(threads, totals) {
            result[Int(thread)].append(total)
        }
        return result
    }
}
