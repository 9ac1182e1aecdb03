// SPDX-License-Identifier: Apache-2.0
// A thousand sessions that leak in the same way are one leak, a thousand times.

struct LeakGroups {
    private let verdicts: Verdicts
    private let labels: Labels
    private let paths: CyclePath
    /// By node: the component that is reported with it.
    private var owner: [Int32]

    private struct Key: Hashable {
        var kind: LeakKind
        var confidence: LeakConfidence
        var text: String
        var stack: UInt32
    }

    init(_ verdicts: Verdicts) {
        self.verdicts = verdicts
        labels = Labels(verdicts.graph.graph)
        paths = CyclePath(verdicts: verdicts, labels: labels)
        owner = Array(repeating: -1, count: verdicts.graph.count)
    }

    /// All leaks, those with most bytes first.
    mutating func leaks() -> [MemoryLeak] {
        var groups: [Key: MemoryLeak] = [:]
        // From those that nothing refers to on, so that a leak gets all that it keeps.
        for component in (0..<verdicts.components.count).reversed()
        where verdicts.ofComponent[component].kind != .ownedByLeak {
            let leak = leak(component)
            let key = Key(kind: leak.kind, confidence: leak.confidence, text: leak.pathText, stack: leak.stack)
            guard var group = groups[key] else {
                groups[key] = leak
                continue
            }
            group.count += 1
            group.blocks += leak.blocks
            group.bytes += leak.bytes
            if group.addresses.count < MemoryLeak.mostAddresses { group.addresses += leak.addresses }
            groups[key] = group
        }
        return groups.values.sorted {
            ($1.bytes, $0.pathText, $0.stack, $0.addresses[0]) < ($0.bytes, $1.pathText, $1.stack, $1.addresses[0])
        }
    }

    private mutating func leak(_ component: Int) -> MemoryLeak {
        let verdict = verdicts.ofComponent[component]
        let blocks = verdicts.graph.graph.image.blocks
        let (count, bytes) = collect(component)
        let steps = steps(of: component, verdict.kind)
        let first = verdict.kind == .leakedTask ? nil : steps.first
        let address = first?.address ?? leader(of: component)
        let block = verdicts.graph.graph.index.block(holding: address)
        let type = first?.type ?? labels.taskName(of: block) ?? labels.typeName(of: block) ?? "memory"
        return MemoryLeak(
            type: type, kind: verdict.kind, doubt: verdict.doubt, count: 1, blocks: count, bytes: bytes,
            stack: blocks.stack(block), path: steps, suggestedBreak: LeakStep.suggestion(ofCycle: steps),
            addresses: [address])
    }

    /// Of a cycle. That a task and its frames refer to each other says nothing.
    private func steps(of component: Int, _ kind: LeakKind) -> [LeakStep] {
        guard verdicts.isCycle(component) else { return [] }
        let steps = paths.steps(of: component)
        let hasObject = steps.contains { step in
            verdicts.graph.graph.type(of: verdicts.graph.graph.index.block(holding: step.address))?.kind == .class
        }
        return kind == .leakedTask && !hasObject ? [] : steps
    }

    /// The block that stands for a component without a path: a task before its frames, an object before other memory.
    private func leader(of component: Int) -> UInt64 {
        let members = verdicts.components[component]
        let order: [ObjectKind?] = [.task, .class, .captures, .box, .error, .taskSlab, nil]
        let leader = members.min { first, second in
            let ranks = [first, second].map { node in order.firstIndex(of: verdicts.graph.type(Int(node))?.kind) ?? 0 }
            return (ranks[0], first) < (ranks[1], second)
        }
        return verdicts.graph.address(Int(leader ?? 0))
    }

    /// Gives the component all that it keeps and that nobody else has been given: number and bytes of the blocks.
    private mutating func collect(_ component: Int) -> (Int, UInt64) {
        var pending = Array(verdicts.components[component])
        var count = 0
        var bytes: UInt64 = 0
        for node in pending { owner[Int(node)] = Int32(component) }
        while let node = pending.popLast() {
            count += 1
            bytes += verdicts.graph.graph.image.blocks.size(verdicts.graph.blocks[Int(node)])
            for reference in verdicts.graph[Int(node)] where owner[Int(reference.target)] < 0 {
                // Another leak is counted by itself.
                guard verdicts.verdict(ofNode: Int(reference.target)).kind == .ownedByLeak else { continue }
                owner[Int(reference.target)] = Int32(component)
                pending.append(reference.target)
            }
        }
        return (count, bytes)
    }
}
