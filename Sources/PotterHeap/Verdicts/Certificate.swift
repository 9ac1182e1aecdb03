// SPDX-License-Identifier: Apache-2.0
// The second, independent witness. Unreachable means: no address was found. The reference count says how many references
// there are, wherever they hide. If as many are found as it counts, nobody else has one.

/// What an object's reference count says of the references that were found.
enum Certificate: Equatable {
    /// As many as were found.
    case exact
    /// More: somebody else keeps it, or it was retained once too often.
    case overCounted(by: UInt64)
    /// Fewer: some of what was found is no strong reference.
    case underCounted(by: UInt64)
    /// It has no count of its own, or none that can be read.
    case none
}

struct Certificates {
    private(set) var ofNode: [Certificate]

    /// Counts the references that a running or suspended task holds on itself: it must live until it completes.
    static let taskOwnReferences: UInt64 = 1

    init(_ graph: UnreachableGraph) {
        var counted = [UInt64](repeating: 0, count: graph.count)
        var inFrames = [UInt64](repeating: 0, count: graph.count)
        for reference in graph.references {
            switch reference.class {
            case .counted: counted[Int(reference.target)] += 1
            case .frame: inFrames[Int(reference.target)] += 1
            case .uncounted: break
            }
        }
        ofNode = (0..<graph.count).map { Self.certificate(graph, $0, counted: counted[$0], inFrames: inFrames[$0]) }
    }

    private static func certificate(
        _ graph: UnreachableGraph, _ node: Int, counted: UInt64, inFrames: UInt64
    ) -> Certificate {
        guard let type = graph.type(node), type.kind.isCounted else { return .none }
        let state = ReferenceState(object: graph.address(node), memory: graph.graph.memory)
        guard case .counted(let counts) = state, !counts.isDeiniting else { return .none }
        let known = counted + (type.kind == .task ? taskOwnReferences : 0)
        if counts.strong > known + inFrames { return .overCounted(by: counts.strong - known - inFrames) }
        if counts.strong < known { return .underCounted(by: known - counts.strong) }
        return .exact
    }
}
