// SPDX-License-Identifier: Apache-2.0

/// Functions that use much of the CPU time themselves, as findings.
///
///     for finding in HotspotFindings(profile).findings { print(finding.title, finding.fingerprint) }
///
/// A function's own time is what it spends in its code and in the kernel for its system calls and page faults. A finding
/// is proven if the whole interval of its share is above `leastPercent`, likely if the estimate is and the interval
/// reaches down to half of that, else suspected. Few samples, or a recording of which much is unknown, prove less.
public struct HotspotFindings: Sendable {
    /// Of the CPU time: what makes a function a finding.
    public static let leastPercent = 5.0
    /// Fewer samples than this tell nothing.
    static let leastSamples: UInt64 = 5
    /// So much of the CPU time, or of the samples, may be unknown where something is proven.
    private static let mostUnknownPercent = 10.0
    private static let mostLostPercent = 1.0
    private static let callers = 3

    private let profile: Profile
    private let report: ProfileReport
    private let graph: CallGraphAnalyzer

    public init(_ profile: Profile) {
        let tree = CallTree(profile)
        self.profile = profile
        report = ProfileReport(profile, tree: tree)
        graph = CallGraphAnalyzer(profile, tree: tree)
    }

    /// Largest first.
    public var findings: [Finding] {
        let own = ownTimes().filter { report.percent($0.selfNs) >= Self.leastPercent }
        let sorted = own.sorted { ($1.selfNs, $0.function) < ($0.selfNs, $1.function) }
        return zip(sorted, graph.calls(of: sorted)).map { finding($0, $1) }
    }

    /// Hotspots of functions that are code, whose self time has that of kernel frames below them.
    private func ownTimes() -> [Hotspot] {
        let isKernel = profile.functions.map { FunctionCategory($0) == .kernel }
        var own = report.analysis.hotspots.filter {
            ![.kernel, .pseudo].contains(FunctionCategory(profile.functions[$0.function]))
        }
        var indices: [Int: Int] = [:]
        for (index, hotspot) in own.enumerated() { indices[hotspot.function] = index }
        for node in graph.tree.nodes where isKernel[node.function] {
            guard let index = indices[graph.tree.nodes[node.parent].function] else { continue }
            own[index].selfNs &+= node.selfNs
            own[index].selfSamples &+= node.selfSamples
            own[index].selfVariance += node.selfVariance
        }
        return own
    }

    private func finding(_ hotspot: Hotspot, _ calls: CallGraphAnalyzer.Calls) -> Finding {
        let function = profile.functions[hotspot.function]
        let percent = report.percent(hotspot.selfNs)
        let interval = report.statistics.selfInterval(of: hotspot)
        let path = graph.hottestPath(to: hotspot.function).map { profile.functions[$0].name }
        return Finding(
            kind: .cpuHotspot, confidence: confidence(hotspot, percent, interval),
            title: "\(function.name) uses \(rounded(percent)) % of the CPU time itself",
            site: Finding.Site(
                function: function.name, module: function.displayModule, file: function.file, line: hotspot.line,
                stack: path),
            magnitude: Finding.Magnitude(
                value: percent, low: interval.low, high: interval.high, unit: "percent of CPU time"),
            evidence: evidence(hotspot, calls), fingerprint: Fingerprint(.cpuHotspot, function))
    }

    private func confidence(_ hotspot: Hotspot, _ percent: Double, _ interval: ShareInterval) -> Finding.Confidence {
        if hotspot.selfSamples < Self.leastSamples { return .inconclusive }
        if interval.low < Self.leastPercent / 2 { return .suspected }
        return interval.low < Self.leastPercent || unknown != nil ? .likely : .proven
    }

    /// Why nothing is proven by this recording; nil if it is good.
    private var unknown: Finding.Evidence? {
        let recording = report.recording
        let unattributed = 100 * Double(recording.totals[.unattributed]) / Double(max(1, recording.totals.totalNs))
        if unattributed >= Self.mostUnknownPercent {
            return Finding.Evidence(name: "unattributed", value: unattributed, unit: "percent of CPU time")
        }
        let lost = 100 * Double(recording.quality.lost) / Double(max(1, recording.totals.samples))
        guard lost >= Self.mostLostPercent else { return nil }
        return Finding.Evidence(name: "samples lost", value: lost, unit: "percent of samples")
    }

    // MARK: Evidence

    private func evidence(_ hotspot: Hotspot, _ calls: CallGraphAnalyzer.Calls) -> [Finding.Evidence] {
        var evidence = [
            Finding.Evidence(name: "own time", value: Double(hotspot.selfNs), unit: "nanoseconds"),
            Finding.Evidence(name: "own samples", value: Double(hotspot.selfSamples), unit: "samples"),
            Finding.Evidence(name: "total time", value: report.percent(hotspot.totalNs), unit: "percent of CPU time"),
        ]
        let kernelNs = calls.callees.reduce(0) { sum, edge in
            FunctionCategory(profile.functions[edge.function]) == .kernel ? sum &+ edge.totalNs : sum
        }
        if kernelNs > 0 {
            evidence.append(
                Finding.Evidence(name: "in the kernel", value: report.percent(kernelNs), unit: "percent of CPU time"))
        }
        let ofTotal = ShareStatistics(ofTotal: hotspot)
        for edge in calls.callers.prefix(Self.callers) where edge.function != 0 {
            evidence.append(
                Finding.Evidence(
                    name: "caller", subject: profile.functions[edge.function].name,
                    value: ofTotal.percent(edge.totalNs), unit: "percent of its total time"))
        }
        return evidence + (unknown.map { [$0] } ?? [])
    }

    private func rounded(_ percent: Double) -> Double { (percent * 10).rounded() / 10 }
}
