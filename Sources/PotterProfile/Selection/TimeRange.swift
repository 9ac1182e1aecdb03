// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// A part of a recording's duration, as perf's `--time` has it: `FROM,TO` in seconds since its start, either end open
/// (`FROM,` or `,TO`); or in percent of its duration: `10%-20%`, `10%,20%`.
public struct TimeRange: Sendable, Equatable, CustomStringConvertible {
    /// One end.
    enum Moment: Equatable {
        case seconds(Double)
        case percent(Double)

        func ns(of durationNs: UInt64) -> UInt64 {
            switch self {
            case .seconds(let seconds): UInt64(min(seconds * 1e9, 9e18).rounded())
            case .percent(let percent): UInt64((Double(durationNs) * percent / 100).rounded())
            }
        }
    }

    /// nil: where the recording begins, or ends.
    let from: Moment?
    let to: Moment?
    public let description: String

    public init(_ text: String) throws {
        let separator: Character = text.contains(",") ? "," : "-"
        let ends = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, !(ends[0].isEmpty && ends[1].isEmpty) else { throw Self.malformed(text) }
        from = try Self.moment(ends[0], in: text)
        to = try Self.moment(ends[1], in: text)
        description = text
    }

    /// In nanoseconds since the start of a recording, not beyond its end.
    public func resolve(durationNs: UInt64) throws -> Range<UInt64> {
        let start = from?.ns(of: durationNs) ?? 0
        let end = min(to?.ns(of: durationNs) ?? durationNs, durationNs)
        guard start < durationNs else {
            let lasts = Units.time(Int64(clamping: durationNs))
            throw SelectionError("time \(description): the recording lasts \(lasts)")
        }
        guard start < end else { throw SelectionError("time \(description): it ends before it begins") }
        return start..<end
    }

    private static func moment(_ text: Substring, in whole: String) throws -> Moment? {
        guard !text.isEmpty else { return nil }
        let isPercent = text.hasSuffix("%")
        let digits = isPercent ? text.dropLast() : text
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), let value = Double(digits),
            value.isFinite, !isPercent || value <= 100
        else { throw malformed(whole) }
        return isPercent ? .percent(value) : .seconds(value)
    }

    private static func malformed(_ text: String) -> SelectionError {
        SelectionError("time '\(text.prefix(100))': give FROM,TO in seconds since the start, or 10%-20%")
    }
}
