// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// The text of `potter-prof heap`: sums, then functions by the memory that they asked for.
struct HeapText {
    static let defaultRows = 30
    static let defaultTreeRows = 100
    static let defaultTreePercent = 0.5

    let heap: HeapProfile
    let options: HeapOptions

    func lines() -> [String] {
        let summary = heap.profile.summary
        let header = [HeaderText(summary: summary).command] + (sums + HeapQuality(heap: heap).lines()).map { "  " + $0 }
        let rows = options.tree ? tree : functions
        return header + [""] + (rows.isEmpty ? ["  nothing \(absence)"] : rows)
    }

    // MARK: Sums

    private var sums: [String] {
        let total = heap.total(of: .block)
        let mode =
            heap.isExact
            ? "every call of malloc and its family" : "estimated from \(Units.count(total.samples)) samples"
        var lines = [
            "duration \(Units.time(Int64(clamping: heap.profile.summary.durationNs))), \(mode)",
            "allocated \(Self.amount(total.allocations)); freed \(Self.amount(total.frees)), "
                + "\(Units.percent(Self.share(total.temporaryBlocks, of: total.allocations.blocks), places: 1)) temporary",
            "never freed \(Self.amount(total.live))\(heap.isExact ? "" : " " + Self.margin(total.liveBytesVariance))"
                + processes + peak,
        ]
        let mappings = [HeapKind.privateMapping, .mappedFile].map { heap.total(of: $0) }
        if mappings.contains(where: { $0.allocations.blocks > 0 }) {
            lines.append(
                "mapped by the program itself: anonymous \(Units.bytes(Int64(clamping: mappings[0].live.bytes))), "
                    + "files and shared \(Units.bytes(Int64(clamping: mappings[1].live.bytes)))")
        }
        return lines
    }

    /// More than one: what is left is what all of them left, and may be more than was live at a time.
    private var processes: String {
        let count = Set(heap.sites.lazy.filter { $0.kind == .block }.map(\.process)).count
        return count > 1 ? ", by \(count) processes" : ""
    }

    private var peak: String {
        guard let peak = heap.peak else { return "" }
        let at = Units.time(Int64(clamping: peak.timeNs))
        let looks = HeaderText.plural(heap.timeline.count, "look")
        return "; peak \(Units.bytes(Int64(clamping: peak.live.bytes))) after \(at) (\(looks))"
    }

    /// Half the 95 % interval of an estimate. `variance`: bytes².
    private static func margin(_ variance: Double) -> String {
        "±" + Units.bytes(Int64(min(1.96 * variance.squareRoot(), 1e18)))
    }

    static func amount(_ amount: HeapAmount) -> String {
        "\(Units.bytes(Int64(clamping: amount.bytes))) in \(HeaderText.plural(Int(clamping: amount.blocks), "block"))"
    }

    static func share(_ part: UInt64, of all: UInt64) -> Double { all == 0 ? 0 : 100 * Double(part) / Double(all) }

    // MARK: Views

    private var functions: [String] {
        let all = HeapFunctions(heap, by: options.metric).rows.filter { $0.own(by: options.metric).bytes > 0 }
        let rows = all.prefix(options.limit.map { $0 == 0 ? .max : $0 } ?? Self.defaultRows)
        let sum = all.reduce(UInt64(0)) { $0 &+ $1.own(by: options.metric).bytes }
        guard sum > 0 else { return [] }
        var columns = TextColumns(
            [("self", .right), (options.metric.rawValue, .right)] + (heap.isExact ? [] : [("±95%", .left)])
                + [
                    ("blocks", .right), ("total", .right), (other.rawValue, .right), ("blocks", .right),
                    ("temporary", .right), ("module", .left), ("function", .left), ("file:line", .left),
                ])
        for row in rows { columns.add(cells(row, of: sum)) }
        let more = all.count - rows.count
        return columns.lines()
            + (more > 0 ? ["  … \(HeaderText.plural(more, "more function")): --limit 0 shows all"] : [])
    }

    /// What stands beside the metric that was asked for.
    private var other: HeapMetric { options.metric == .allocated ? .live : .allocated }

    /// Why there are no rows.
    private var absence: String {
        guard heap.total(of: .block).allocations.blocks > 0 else { return "was seen to be allocated" }
        return options.metric == .live
            ? "is left: all that was allocated was freed" : "was live when the program was looked at"
    }

    private func cells(_ row: HeapFunctions.Row, of sum: UInt64) -> [String] {
        let function = heap.profile.functions[row.function]
        let own = row.own(by: options.metric)
        return [Units.percent(Self.share(own.bytes, of: sum)), bytes(own)]
            + (heap.isExact ? [] : [Self.margin(row.ownVariance(by: options.metric))])
            + [
                Units.count(own.blocks), bytes(row.total(by: options.metric)), bytes(row.own(by: other)),
                Units.count(row.own(by: other).blocks),
                Units.percent(Self.share(row.own.temporaryBlocks, of: row.own.allocations.blocks), places: 1),
                function.displayModule, ShortName.of(function.name),
                HotspotText.place(file: function.file, line: row.line, in: heap.profile.summary.run),
            ]
    }

    private func bytes(_ amount: HeapAmount) -> String { Units.bytes(Int64(clamping: amount.bytes)) }

    private var tree: [String] {
        let weighted = heap.weighted(by: options.metric)
        return TreeText(
            profile: weighted, tree: CallTree(weighted), statistics: nil, unit: .bytes,
            percentLimit: options.percentLimit ?? Self.defaultTreePercent,
            limit: options.limit.map { $0 == 0 ? .max : $0 } ?? Self.defaultTreeRows
        ).lines()
    }
}

/// What `potter-prof heap` was asked for.
public struct HeapOptions: Sendable {
    public var input = "potter.potter"
    public var metric = HeapMetric.live
    public var tree = false
    /// nil: what fits a screen, 0: all.
    public var limit: Int?
    public var percentLimit: Double?
    public var json: ReportOptions.Target?
    public var folded: ReportOptions.Target?
    public var flameGraph: ReportOptions.Target?

    public init() {}

    var onStandardOutput: [String] {
        [("--json", json), ("--folded", folded), ("--flamegraph", flameGraph)].filter { $0.1 == .standardOutput }
            .map(\.0)
    }
}
