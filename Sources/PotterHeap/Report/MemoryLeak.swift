// SPDX-License-Identifier: Apache-2.0

import PotterCore

/// Memory that the program cannot reach any more and has not freed: one leak, or many of the same form.
public struct MemoryLeak: Sendable, Equatable {
    /// Readable type of what leaked, `App.Session`; of a cycle, of its first step; `memory` if nothing says what it is.
    public var type: String
    public var kind: LeakKind
    /// Why it is not proven; nil if it is.
    public var doubt: LeakDoubt?
    /// How many of the same form there are.
    public var count: Int
    /// Blocks of all, with those that they keep.
    public var blocks: Int
    /// Usable bytes of all, with what they keep.
    public var bytes: UInt64
    /// Where the first block of each was allocated: an id of the recording's stack table; 0 if unknown.
    public var stack: UInt32
    /// Steps of the shortest way round, of the first one; empty if it is no cycle.
    public var path: [LeakStep]
    /// The step whose reference is the best to make weak; nil if it is no cycle.
    public var suggestedBreak: Int?
    /// Address of the first block of each, at most `mostAddresses`.
    public var addresses: [UInt64]

    public var confidence: LeakConfidence { doubt == nil ? .proven : .suspected }

    public static let mostAddresses = 64

    /// `Session.onClose -> closure #2 in Session.start() -> Session`; the type if it is no cycle.
    public var pathText: String { path.isEmpty ? type : LeakStep.text(ofCycle: path) }

    /// The same in every build of the same source: made of the kind, the type and the path, of no address.
    public var fingerprint: String {
        let text = [kind.rawValue, type, pathText].joined(separator: "\u{0}")
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }  // FNV-1a, 64 bits
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension MemoryLeak: CustomStringConvertible {
    /// `Session.onClose -> closure #2 in Session.start() -> Session, 1,284 times, 4.1 MB`
    public var description: String {
        let times = count == 1 ? "once" : "\(Units.count(count)) times"
        return "\(pathText), \(times), \(Self.size(bytes))"
    }

    private static func size(_ bytes: UInt64) -> String {
        switch Double(bytes) {
        case 999.5e6...: Units.decimal(Double(bytes) / 1e9, places: 1) + " GB"
        case 999.5e3...: Units.decimal(Double(bytes) / 1e6, places: 1) + " MB"
        case 1000...: Units.decimal(Double(bytes) / 1e3, places: 1) + " kB"
        default: "\(bytes) B"
        }
    }
}
