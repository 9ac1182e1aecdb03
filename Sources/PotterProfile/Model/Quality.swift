// SPDX-License-Identifier: Apache-2.0

/// How good a recording is: counters and facts by key. The keys are those of `QualityKey`; others are kept and shown.
public struct Quality: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        case number(Int64)
        case text(String)
    }

    public var values: [String: Value]

    public init(_ values: [String: Value] = [:]) {
        self.values = values
    }

    /// 0 if there is no such counter.
    public func number(_ key: String) -> Int64 {
        if case .number(let number) = values[key] { number } else { 0 }
    }

    public func text(_ key: String) -> String? {
        if case .text(let text) = values[key] { text } else { nil }
    }

    /// Keys that begin so are about samples that were taken and are not in the recording.
    public static let lostPrefix = "lost."

    /// Samples lost, for whatever reason.
    public var lost: Int64 {
        values.keys.filter { $0.hasPrefix(Self.lostPrefix) }.reduce(0) { $0 &+ number($1) }
    }

    /// A counter, or the sum of its parts if only those were written.
    public func sum(_ key: String) -> Int64 {
        max(number(key), parts(of: key).reduce(0) { $0 &+ $1.count })
    }

    /// Counters of one kind by what they are about: `unwind.failed:libc.so.6` is a part of `unwind.failed`.
    public func parts(of prefix: String) -> [(name: String, count: Int64)] {
        let matching = values.keys.filter { $0.hasPrefix(prefix + ":") && number($0) > 0 }
        let parts = matching.map { (name: String($0.dropFirst(prefix.count + 1)), count: number($0)) }
        return parts.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
}
