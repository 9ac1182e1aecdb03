// SPDX-License-Identifier: Apache-2.0
// The shortest way round a cycle, from its objects' fields back to where it began, and which step to make weak.

/// A step of a path: a block, and the reference in it that leads on.
public struct LeakStep: Sendable, Equatable {
    /// Readable type of the block, `App.Session`; `box`, `Task` and the like where it is no class.
    public var type: String
    /// Field of the type that refers to the next block; empty if it has no name.
    public var field: String
    /// The closure that the field holds, if it holds one: `closure #2 in Session.start()`.
    public var closure: String
    /// Offset of the reference in the block, in bytes.
    public var offset: UInt64
    /// Address of the block.
    public var address: UInt64
}

struct CyclePath {
    let verdicts: Verdicts
    let labels: Labels

    /// Nodes from which a shortest way is looked for: in a component of thousands the first ones do.
    private static let mostStarts = 16
    private static let longestPath = 64

    private struct Way {
        var nodes: [Int32]
        var offsets: [UInt64]
    }

    /// Steps of a shortest cycle of a component, beginning at its first object of a class by name; empty if it has none.
    func steps(of component: Int) -> [LeakStep] {
        var best: Way?
        for start in starts(of: component) {
            guard let way = shortestCycle(through: start, in: component, limit: best?.nodes.count) else { continue }
            best = way
            if way.nodes.count == 1 { break }
        }
        guard let best else { return [] }
        return rotated(steps(along: best))
    }

    /// Objects of classes first: a way round through them says most.
    private func starts(of component: Int) -> [Int32] {
        let members = verdicts.components[component]
        let objects = members.lazy.filter { verdicts.graph.type(Int($0))?.kind == .class }.prefix(Self.mostStarts)
        return objects.isEmpty ? Array(members.prefix(Self.mostStarts)) : Array(objects)
    }

    /// Breadth first, over references that count, then over all.
    private func shortestCycle(through start: Int32, in component: Int, limit: Int?) -> Way? {
        let bound = min(limit ?? Self.longestPath, Self.longestPath)
        return search(from: start, in: component, bound) { $0.class == .counted }
            ?? search(from: start, in: component, bound) { _ in true }
    }

    private func search(
        from start: Int32, in component: Int, _ bound: Int, _ isWanted: (UnreachableGraph.Reference) -> Bool
    ) -> Way? {
        var from: [Int32: (node: Int32, offset: UInt64)] = [:]
        var layer: [Int32] = [start]
        for _ in 0..<bound where !layer.isEmpty {
            var next: [Int32] = []
            for node in layer {
                for reference in verdicts.graph[Int(node)] where isWanted(reference) {
                    let target = reference.target
                    guard verdicts.components.component[Int(target)] == Int32(component), from[target] == nil else {
                        continue
                    }
                    from[target] = (node, reference.offset)
                    if target == start { return way(backFrom: start, from) }
                    next.append(target)
                }
            }
            layer = next
        }
        return nil
    }

    private func way(backFrom start: Int32, _ from: [Int32: (node: Int32, offset: UInt64)]) -> Way {
        var way = Way(nodes: [], offsets: [])
        var node = start
        repeat {
            guard let step = from[node] else { break }
            way.nodes.append(step.node)
            way.offsets.append(step.offset)
            node = step.node
        } while node != start
        return Way(nodes: way.nodes.reversed(), offsets: way.offsets.reversed())
    }

    private func steps(along way: Way) -> [LeakStep] {
        zip(way.nodes, way.offsets).map { node, offset in
            let block = verdicts.graph.blocks[Int(node)]
            return LeakStep(
                type: labels.typeName(of: block) ?? "memory", field: labels.fieldName(of: block, at: offset) ?? "",
                closure: labels.closureName(of: block, at: offset) ?? "", offset: offset,
                address: verdicts.graph.address(Int(node)))
        }
    }

    /// Begins at the step that comes first by name, so that equal cycles have equal paths; never at a box or
    /// a storage of the standard library while there is another.
    private func rotated(_ steps: [LeakStep]) -> [LeakStep] {
        func text(_ first: Int) -> String {
            let order = (0..<steps.count).map { steps[(first + $0) % steps.count] }
            let isName = order[0].type.contains(".") && !order[0].type.hasPrefix("_")
            return (isName ? "0" : "1") + order.map { "\($0.type).\($0.field)@\($0.offset)" }.joined(separator: ">")
        }
        let first = steps.indices.min { text($0) < text($1) } ?? 0
        return Array(steps[first...] + steps[..<first])
    }
}

extension LeakStep {
    /// `Session.onClose -> closure #2 in Session.start() -> Session`
    static func text(ofCycle steps: [LeakStep]) -> String {
        guard let first = steps.first else { return "" }
        var parts: [String] = []
        for (step, before) in zip(steps, [steps[steps.count - 1]] + steps) {
            // A closure's context is known by the closure, which the step before has named.
            if step.type == "box" && !before.closure.isEmpty && step.field.isEmpty {
                if !step.closure.isEmpty { parts.append(step.closure) }
                continue
            }
            parts.append(ShortName.withoutModule(step.type) + (step.field.isEmpty ? "" : "." + step.field))
            if !step.closure.isEmpty { parts.append(step.closure) }
        }
        return (parts + [ShortName.withoutModule(first.type)]).joined(separator: " -> ")
    }

    /// The step whose reference is the best to make weak: a closure's capture, a field that is named as one that refers
    /// back, else the one that leads to where the cycle begins.
    static func suggestion(ofCycle steps: [LeakStep]) -> Int? {
        let back = [
            "delegate", "parent", "owner", "datasource", "observer", "target", "container", "superview", "back",
        ]
        if let closure = steps.firstIndex(where: { !$0.closure.isEmpty }) { return closure }
        let named = steps.firstIndex { step in
            let name = step.field.lowercased()
            return back.contains { name.hasSuffix($0) }
        }
        return named ?? steps.indices.last
    }
}
