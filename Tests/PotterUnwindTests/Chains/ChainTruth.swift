// SPDX-License-Identifier: Apache-2.0
// What a generated program promises of its stacks (Tests/Programs/chains/chain.py), and whether a stack keeps it.

import Foundation

struct ChainTruth: Decodable {
    struct Chain: Decodable {
        var kind: String
        /// Functions that call each other in turn, and how often: the root first.
        var steps: [Step]
        /// Functions that call code which is not planted.
        var foreign: Set<Int>
        /// Functions that jump to the next one: they are in a stack only as its leaf.
        var passing: Set<Int>
        /// Begins on top of whatever a signal interrupted.
        var handler: Bool

        var root: Int { steps[0].functions[0] }
        var functions: [Int] { steps.flatMap { step in (0..<step.count).flatMap { _ in step.functions } } }
    }

    struct Step: Decodable {
        var functions: [Int]
        var count: Int

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            functions = try values.decode([Int].self)
            count = try values.decode(Int.self)
        }
    }

    var chains: [Chain]
}

/// A frame with the planted function that it is in, if any.
struct PlantedFrame: CustomStringConvertible {
    var frame: RecordedFrame
    var function: Int?

    var description: String {
        guard case .code(let module, let address) = frame else { return "\(frame)" }
        let place = "\(URL(filePath: module).lastPathComponent)+0x\(String(address, radix: 16))"
        return function.map { "\(place) (plant_\($0))" } ?? place
    }
}

enum ChainVerdict: Equatable {
    case exact(kind: String)
    /// Ends early, and says so.
    case flagged(kind: String)
    case wrong(kind: String, why: String)
    /// No planted function is in it.
    case outside

    var kind: String? {
        switch self {
        case .exact(let kind), .flagged(let kind), .wrong(let kind, _): kind
        case .outside: nil
        }
    }
}

/// Judges stacks by the chains of a program.
struct ChainJudge {
    private static let kept = 256  // frames at each end of a stack that is cut
    private let chains: [Int: (chain: ChainTruth.Chain, functions: [Int])]  // by root

    init(_ truth: ChainTruth) {
        chains = Dictionary(uniqueKeysWithValues: truth.chains.map { ($0.root, ($0, $0.functions)) })
    }

    /// Frames from the root to the leaf.
    func verdict(_ frames: [PlantedFrame]) -> ChainVerdict {
        let isIncomplete = frames.first?.frame == .incomplete
        if let at = frames.firstIndex(where: { $0.function.flatMap { chains[$0]?.chain.handler } == true }) {
            let outer = judge(frames[..<at], interrupted: true, isIncomplete)
            let inner = judge(frames[at...], interrupted: false, isIncomplete)
            if case .wrong = outer { return outer }
            if case .flagged = outer { return outer }
            return inner
        }
        // The recorder stands between the kernel and a handler of the program for an instant.
        if case .code(let module, _)? = frames.last?.frame, module.hasSuffix("/libPotterPreload.so") {
            return judge(frames.dropLast(), interrupted: true, isIncomplete)
        }
        return judge(frames[...], interrupted: false, isIncomplete)
    }

    private func judge(_ frames: ArraySlice<PlantedFrame>, interrupted: Bool, _ isIncomplete: Bool) -> ChainVerdict {
        guard let first = frames.firstIndex(where: { $0.function != nil }) else { return .outside }
        guard let (chain, functions) = chains[frames[first].function!] else {
            return isIncomplete
                ? .flagged(kind: "cut off before its root") : .wrong(kind: "?", why: "begins at \(frames[first])")
        }
        if isIncomplete { return .flagged(kind: chain.kind) }
        var position = 0
        for index in first..<frames.endIndex {
            if case .cut(let missing) = frames[index].frame {
                guard index - frames.startIndex == Self.kept, frames.endIndex - index - 1 == Self.kept else {
                    return .wrong(kind: chain.kind, why: "cut at \(index) of \(frames.count)")
                }
                position += missing
                continue
            }
            let isLeaf = index == frames.endIndex - 1
            guard let function = frames[index].function else {
                // The frame by which the kernel returns from a handler follows whatever was interrupted.
                if chain.foreign.contains(functions[position - 1]) || (interrupted && isLeaf) { continue }
                return .wrong(kind: chain.kind, why: "\(frames[index]) after \(functions[position - 1])")
            }
            // A closure bears the name of its function.
            if position > 0, function == functions[position - 1], chain.foreign.contains(function) { continue }
            if isLeaf || interrupted, chain.passing.contains(function) { continue }
            guard position < functions.count, functions[position] == function else {
                let expected = position < functions.count ? "\(functions[position])" : "the end"
                return .wrong(kind: chain.kind, why: "\(frames[index]) for \(expected) at \(position)")
            }
            position += 1
        }
        return .exact(kind: chain.kind)
    }
}
