// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@Suite struct AnalysisTests {
    private func recursive() -> Profile {
        var builder = ProfileBuilder()
        builder.add("main/walk/walk/walk/leaf", 10)
        builder.add("main/walk/leaf", 20)
        builder.add("main/walk", 5)
        builder.add("main/other/leaf", 65)
        return builder.profile()
    }

    private func hotspot(_ profile: Profile, _ name: String) -> Hotspot? {
        let analysis = HotspotAnalysis(profile)
        return analysis.hotspots.first { profile.functions[$0.function].name == name }
    }

    @Test func recursionCountsOncePerStack() {
        let profile = recursive()
        #expect(hotspot(profile, "walk")?.totalNs == 35)
        #expect(hotspot(profile, "walk")?.selfNs == 5)
        #expect(hotspot(profile, "leaf")?.totalNs == 95)
        #expect(hotspot(profile, "main")?.totalNs == 100)
        #expect(hotspot(profile, "main")?.totalSamples == 4)
        #expect(hotspot(profile, "all") == nil)
    }

    @Test func selfTimesAddUpToTheTotal() {
        let profile = recursive()
        #expect(HotspotAnalysis(profile).hotspots.reduce(0) { $0 + $1.selfNs } == 100)
        #expect(CallTree(profile).nodes[0].totalNs == 100)
    }

    @Test func ordersDiffer() {
        let profile = recursive()
        let report = ProfileReport(profile)
        #expect(report.hotspots(by: .selfTime).first?.function.name == "leaf")
        #expect(report.hotspots(by: .totalTime).first?.function.name == "main")
        #expect(report.hotspots(by: .selfTime, percentLimit: 50).count == 1)
        #expect(report.hotspots(by: .totalTime, limit: 2).count == 2)
    }

    @Test func callersAndCallees() {
        let profile = recursive()
        let graph = CallGraphAnalyzer(profile)
        let leaf = graph.functions(named: "leaf")[0]
        let callers = graph.callers(of: leaf).map { (profile.functions[$0.function].name, $0.totalNs) }
        #expect(callers.map(\.0) == ["other", "walk"])
        #expect(callers.map(\.1) == [65, 30])
        let walk = graph.functions(named: "walk")[0]
        let callees = graph.callees(of: walk).map { (profile.functions[$0.function].name, $0.totalNs) }
        #expect(callees.map(\.0) == ["leaf", "walk"])
        #expect(callees.map(\.1) == [30, 10])
        let hottest = graph.hotPaths(limit: 1)[0]
        #expect(hottest.functions.map { profile.functions[$0].name } == ["main", "other", "leaf"])
    }

    @Test func aLocationWithoutFramesIsInNoStack() {
        var builder = ProfileBuilder()
        builder.add("main/handler/unwind", 10)
        builder.frames.remove(at: UInt32(builder.function("handler")))
        builder.frames.remove(at: UInt32(builder.function("unwind")))
        let profile = builder.profile()
        #expect(hotspot(profile, "main")?.selfNs == 10)
        #expect(hotspot(profile, "unwind") == nil)
    }

    @Test func inlinedFunctionsAreFramesOfTheirOwn() {
        var builder = ProfileBuilder()
        builder.add("main", 10)
        let inner = builder.function("inlined")
        builder.frames.set(
            [
                FrameTable.Entry(function: UInt32(inner), line: 3, inlined: true),
                FrameTable.Entry(function: 1, line: 4, inlined: false),
            ], at: 1)
        let profile = builder.profile()
        #expect(hotspot(profile, "main")?.selfNs == 0)
        #expect(hotspot(profile, "main")?.totalNs == 10)
        #expect(hotspot(profile, "inlined")?.selfNs == 10)
        #expect(hotspot(profile, "inlined")?.line == 3)
    }

    @Test func anEmptyProfileIsNoError() {
        let profile = ProfileBuilder().profile()
        #expect(HotspotAnalysis(profile).hotspots.isEmpty)
        #expect(ProfileReport(profile).percent(1) == 0)
        #expect(CallGraphAnalyzer(profile).hotPaths(limit: 3).isEmpty)
    }
}
