// SPDX-License-Identifier: Apache-2.0
// Whether the frames of a stack can follow each other: a return address comes after a call; and if that call names its
// target, the target is the callee, or leads there by stubs and jumps.

import Foundation

final class EdgeCheck {
    enum Verdict: Hashable {
        case direct, stub, tail
        /// Called through a pointer: anything can be the callee.
        case pointer
        /// The target, or what it leads to, jumps through a pointer.
        case tailByPointer
        /// A signal handler's frame, and the code that it interrupted.
        case signal
        /// A stack that makecontext has prepared begins there.
        case beginning
        /// The code is not in a file.
        case unknown
        case impossible(String)
        /// Impossible, of a stack that says it is a guess by frame pointers.
        case guessed
    }

    struct Place: Hashable {
        var module: String
        var address: UInt64
    }

    private static let returnFromSignal: [UInt8] = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05]
    private static let startOfContext: [UInt8] = [0x48, 0x89, 0xdc]
    private static let mostSteps = 400

    private var modules: [String: ModuleCode?] = [:]
    private var verdicts: [[Place]: Verdict] = [:]
    /// Samples by what joins two frames.
    private(set) var counts: [Verdict: Int] = [:]

    /// Checks each pair of neighbours of a stack, from the root to the leaf.
    func add(_ frames: [RecordedFrame], samples: Int, isGuess: Bool) throws {
        for (outer, inner) in zip(frames, frames.dropFirst()) {
            guard case .code(let module, let address) = outer, case .code(let callee, let place) = inner else {
                continue
            }
            let edge = [Place(module: module, address: address), Place(module: callee, address: place)]
            var verdict: Verdict
            if let known = verdicts[edge] {
                verdict = known
            } else {
                verdict = try check(callee: edge[1], caller: edge[0])
                verdicts[edge] = verdict
            }
            if isGuess, case .impossible = verdict { verdict = .guessed }
            counts[verdict, default: 0] += samples
        }
    }

    var impossible: [String] {
        counts.keys.compactMap { if case .impossible(let why) = $0 { why } else { nil } }.sorted()
    }

    var summary: String {
        let named = counts.filter { if case .impossible = $0.key { false } else { true } }
        let parts = named.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
        return "\(verdicts.count) distinct edges, \(counts.values.reduce(0, +)) in samples: "
            + parts.joined(separator: ", ") + "; \(impossible.count) impossible"
    }

    private func module(_ path: String) throws -> ModuleCode? {
        if let known = modules[path] { return known }
        let module = try ModuleCode(path: path)
        modules[path] = module
        return module
    }

    private func check(callee: Place, caller: Place) throws -> Verdict {
        guard let code = try module(caller.module), let calleeCode = try module(callee.module) else { return .unknown }
        let returned = caller.address + 1
        if calleeCode.code(at: callee.address + 1, count: 9).starts(with: Self.returnFromSignal) { return .signal }
        let next = code.code(at: returned, count: 9)
        if next.starts(with: Self.returnFromSignal) { return .signal }
        let call = code.call(before: returned)
        guard call.found else {
            return next.starts(with: Self.startOfContext)
                ? .beginning : .impossible("no call before \(Self.text(caller)), of \(Self.text(callee))")
        }
        guard let target = call.target else { return .pointer }
        return try reach(callee, calleeCode, from: Place(module: caller.module, address: target))
            ?? .impossible("\(Self.text(caller)) calls \(String(target, radix: 16)), not \(Self.text(callee))")
    }

    private func reach(_ callee: Place, _ calleeCode: ModuleCode, from target: Place) throws -> Verdict? {
        let function = calleeCode.function(at: callee.address)
        var (seen, queue): (Set<Place>, [(Place, Verdict)]) = ([target], [(target, .direct)])
        var (at, sawPointer) = (0, false)
        while at < queue.count, at < Self.mostSteps {
            let (place, how) = queue[at]
            at += 1
            let isStub =
                callee.module == place.module && callee.address >= place.address
                && callee.address < place.address + 16
            if isStub || (callee.module == place.module && function.contains(place.address)) { return how }
            guard let code = try module(place.module) else { continue }
            for way in code.ways(from: place.address) {
                switch way {
                case .unknown: sawPointer = true
                case .resolver: if callee.module.contains("/ld-linux") { return .stub }
                case .code(let address):
                    let next = Place(module: place.module, address: address)
                    if seen.insert(next).inserted { queue.append((next, how == .stub ? .stub : .tail)) }
                case .symbol(let name):
                    for (path, address) in try definitions(of: name, callee.module) {
                        guard let address else { return .stub }  // chosen at run time
                        let next = Place(module: path, address: address)
                        if seen.insert(next).inserted { queue.append((next, .stub)) }
                    }
                }
            }
        }
        return sawPointer ? .tailByPointer : nil
    }

    /// In the modules that stacks have led to, and the one at hand.
    private func definitions(of name: String, _ callee: String) throws -> [(path: String, address: UInt64?)] {
        modules.keys.compactMap { path in
            guard let symbols = modules[path]??.symbols, let found = symbols[name] else { return nil }
            return (path, found)
        }
    }

    private static func text(_ place: Place) -> String {
        "\(URL(filePath: place.module).lastPathComponent)+0x\(String(place.address, radix: 16))"
    }
}
