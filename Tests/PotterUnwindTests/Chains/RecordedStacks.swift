// SPDX-License-Identifier: Apache-2.0
// Stacks as a recording has them, address by address (Docs/RecordingFormat.md), read with plain sqlite3.

import Foundation

/// A frame of a recorded stack.
enum RecordedFrame: Hashable {
    /// File-relative; for callers the byte before the return address.
    case code(module: String, address: UInt64)
    /// So many frames were left out.
    case cut(Int)
    /// Where the root was not reached.
    case incomplete
}

struct RecordedStacks {
    /// potter-prof of this build, beside the test bundle.
    static let potter: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let folder = bundle.map { URL(filePath: $0).deletingLastPathComponent() }
        return (folder ?? TestTools.repository.appending(path: ".build/debug")).appending(path: "potter-prof").path
    }()

    private static let pseudoModule = 1, kernelKinds = 1, incompleteKind: UInt64 = 6, cutKind: UInt64 = 7
    private static let userSample = 1, fallback = 4

    private var modules: [Int: String] = [:]
    private var locations: [Int: RecordedFrame] = [:]
    private var parents: [Int: (stack: Int, location: Int)] = [:]
    /// Stacks that needed frame pointers, and say so.
    private var guessed: Set<Int> = []
    /// Samples of user time by stack.
    private(set) var samples: [(stack: Int, count: Int)] = []

    /// Records a command at 997 Hz.
    init(recording command: [String], to path: String, in directory: String? = nil) throws {
        let enter = directory.map { ["env", "-C", $0] } ?? []
        _ = try TestTools.check(
            enter + [Self.potter, "record", "-q", "-F", "997", "-o", path, "--"] + command)
        try self.init(path: path)
    }

    init(path: String) throws {
        for row in try Self.rows(path, "SELECT id, path FROM module") { modules[Int(row[0])!] = row[1] }
        for row in try Self.rows(path, "SELECT id, module, address FROM location") {
            locations[Int(row[0])!] = frame(module: Int(row[1])!, UInt64(bitPattern: Int64(row[2])!))
        }
        for row in try Self.rows(path, "SELECT id, parent, location, flags FROM stack") {
            parents[Int(row[0])!] = (Int(row[1])!, Int(row[2])!)
            if Int(row[3])! & Self.fallback != 0 { guessed.insert(Int(row[0])!) }
        }
        let counts = "SELECT stack, count(*) FROM sample WHERE kind = \(Self.userSample) GROUP BY stack"
        samples = try Self.rows(path, counts).map { (Int($0[0])!, Int($0[1])!) }
    }

    /// From the root to the leaf.
    func frames(of stack: Int) -> [RecordedFrame] {
        var result: [RecordedFrame] = []
        var at = stack
        while at != 0, let (parent, location) = parents[at] {
            result.append(locations[location]!)
            at = parent
        }
        return result.reversed()
    }

    func isGuessed(_ stack: Int) -> Bool { guessed.contains(stack) }

    private func frame(module: Int, _ address: UInt64) -> RecordedFrame {
        guard module == Self.pseudoModule else { return .code(module: modules[module] ?? "", address: address) }
        return address & 0xffff_ffff == Self.cutKind ? .cut(Int(address >> 32)) : .incomplete
    }

    private static func rows(_ path: String, _ query: String) throws -> [[String]] {
        try TestTools.check(["sqlite3", "-separator", "\t", path, query]).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
