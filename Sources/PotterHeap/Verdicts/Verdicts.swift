// SPDX-License-Identifier: Apache-2.0
// A verdict for each component of the unreachable graph, from those that nothing refers to on: what hangs under a
// component that may have a hidden owner may have it, too.

struct Verdicts {
    let graph: UnreachableGraph
    let components: StrongComponents
    /// By component.
    private(set) var ofComponent: [LeakVerdict] = []
    /// By component: another one refers to it.
    private(set) var isOwned: [Bool]

    private let reachability: Reachability
    private let certificates: Certificates
    /// By component: one that is not proven refers to it, in a way that its count knows.
    private var hasDoubtfulOwner: [Bool]

    /// - Parameter hasOtherWitness: whether the address of a block without a count was found in a form that is no reference.
    init(_ graph: UnreachableGraph, _ reachability: Reachability, hasOtherWitness: (Int) -> Bool) {
        self.graph = graph
        self.reachability = reachability
        components = StrongComponents(graph)
        certificates = Certificates(graph)
        isOwned = Array(repeating: false, count: components.count)
        hasDoubtfulOwner = Array(repeating: false, count: components.count)
        let unknown = LeakVerdict(kind: .ownedByLeak, doubt: .doubtfulOwner)
        ofComponent = Array(repeating: unknown, count: components.count)
        for component in (0..<components.count).reversed() {
            let kind = kind(of: component)
            let doubt = doubt(of: component, kind, hasOtherWitness)
            ofComponent[component] = LeakVerdict(kind: kind, doubt: doubt)
            informOwned(by: component)
        }
    }

    func verdict(ofNode node: Int) -> LeakVerdict { ofComponent[Int(components.component[node])] }

    /// Whether its members keep themselves alive.
    func isCycle(_ component: Int) -> Bool {
        let members = components[component]
        guard members.count == 1, let only = members.first else { return true }
        // A slab's allocations refer to it; that keeps nothing.
        return graph.type(Int(only))?.kind != .taskSlab && graph[Int(only)].contains { $0.target == only }
    }

    private mutating func informOwned(by component: Int) {
        let isProven = ofComponent[component].confidence == .proven
        for member in components[component] {
            for reference in graph[Int(member)] {
                let owned = Int(components.component[Int(reference.target)])
                if owned == component { continue }
                isOwned[owned] = true
                let counts = graph.type(Int(reference.target))?.kind.isCounted ?? false
                if !isProven && (!counts || reference.class != .uncounted) { hasDoubtfulOwner[owned] = true }
            }
        }
    }

    private func kind(of component: Int) -> LeakKind {
        let members = components[component]
        let isCycle = isCycle(component)
        if isCycle || !isOwned[component], members.contains(where: isSuspendedTask) { return .leakedTask }
        if isCycle { return members.contains(where: isWeaklyObserved) ? .weaklyObservedCycle : .leakedCycle }
        if isOwned[component] { return .ownedByLeak }
        if let only = members.first, case .overCounted = certificates.ofNode[Int(only)] { return .overRetained }
        return .leakedRoot
    }

    private func isSuspendedTask(_ node: Int32) -> Bool {
        guard graph.type(Int(node))?.kind == .task else { return false }
        return TaskState(task: graph.address(Int(node)), memory: graph.graph.memory) == .suspended
    }

    private func isWeaklyObserved(_ node: Int32) -> Bool {
        graph.graph.edges[graph.blocks[Int(node)]].contains {
            $0.kind == .sideTable && reachability.isReached(Int($0.target))
        }
    }

    /// Why the component is not proven to be garbage; nil if it is.
    private func doubt(of component: Int, _ kind: LeakKind, _ hasOtherWitness: (Int) -> Bool) -> LeakDoubt? {
        for member in components[component] {
            switch certificates.ofNode[Int(member)] {
            case .exact: continue
            case .overCounted(let count): return .moreCounted(UInt32(clamping: count))
            case .underCounted(let count): return .fewerCounted(UInt32(clamping: count))
            case .none:
                if let doubt = doubtWithoutCount(Int(member), kind, hasOtherWitness) { return doubt }
            }
        }
        return hasDoubtfulOwner[component] ? .doubtfulOwner : nil
    }

    /// Memory without a reference count is known only by what refers to it.
    private func doubtWithoutCount(_ node: Int, _ kind: LeakKind, _ hasOtherWitness: (Int) -> Bool) -> LeakDoubt? {
        if graph.isSideTable(node) || graph.type(node)?.kind == .taskSlab { return nil }
        if graph.type(node)?.kind.isCounted ?? false { return .unreadableCount }
        switch kind {
        case .ownedByLeak: return nil
        case .leakedRoot: return hasOtherWitness(graph.blocks[node]) ? .hiddenAddress : nil
        default: return .noCount
        }
    }
}
