// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// What `potter-prof report` was asked for.
public struct ReportOptions: Sendable {
    /// Where a document goes.
    public enum Target: Sendable, Equatable {
        case standardOutput
        case file(String)

        /// Opens it, lets `body` write, and closes it.
        func write(_ body: (OutputFile) -> Void) throws {
            let output: OutputFile
            switch self {
            case .standardOutput: output = OutputFile()
            case .file(let path): output = try OutputFile(path: path)
            }
            body(output)
            try output.close()
        }
    }

    /// Callers or callees of functions.
    public struct Calls: Sendable {
        public var pattern: NamePattern
        public var callers: Bool
        public var callees: Bool

        public init(pattern: NamePattern, callers: Bool, callees: Bool) {
            self.pattern = pattern
            self.callers = callers
            self.callees = callees
        }
    }

    public var input = "potter.potter"
    /// What of the recording is shown, in every view and document.
    public var selection = Selection()
    public var order = HotspotAnalysis.Order.selfTime
    /// nil: what fits a screen, 0: all.
    public var limit: Int?
    public var percentLimit: Double?
    // Views; the table of functions if none is asked for.
    public var tree = false
    public var calls: [Calls] = []
    public var sort: [SortKey] = []
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
