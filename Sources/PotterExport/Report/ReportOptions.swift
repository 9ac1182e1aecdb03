// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// What `potter-prof report` was asked for.
public struct ReportOptions: Sendable {
    /// Where a document goes.
    public enum Target: Sendable, Equatable {
        case standardOutput
        case file(String)
    }

    public var input = "potter.potter"
    public var order = HotspotAnalysis.Order.selfTime
    /// nil: what fits a screen, 0: all.
    public var limit: Int?
    public var percentLimit: Double?
    public var tree = false
    public var threads = false
    public var json: Target?
    public var folded: Target?
    public var flameGraph: Target?

    /// Options of the documents that go to standard output.
    var onStandardOutput: [String] {
        [("--json", json), ("--folded", folded), ("--flamegraph", flameGraph)].filter { $0.1 == .standardOutput }
            .map(\.0)
    }

    public init() {}
}
