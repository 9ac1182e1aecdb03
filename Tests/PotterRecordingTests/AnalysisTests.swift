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

/// `--callers` and `--callees`.
@Suite struct CallsTests {
    private func calls(_ pattern: String, limit: Int? = nil, _ stacks: [(String, Int64)]) throws -> (
        Profile, [CallGraphAnalyzer.Calls]
    ) {
        var builder = ProfileBuilder()
        for (path, weightNs) in stacks { builder.add(path, weightNs, samples: UInt64(weightNs)) }
        let profile = builder.profile()
        return (profile, CallGraphAnalyzer(profile).calls(ofFunctionsMatching: try NamePattern(pattern), limit: limit))
    }

    private func text(_ edges: [CallGraphAnalyzer.Edge], _ profile: Profile) -> [String] {
        edges.map { "\($0.function == 0 ? "-" : profile.functions[$0.function].name) \($0.totalNs) \($0.samples)" }
    }

    @Test func eachFunctionThatMatchesHasItsOwn() throws {
        let stacks = [("main/a/work", 60), ("main/b/work/sub", 30), ("main/b", 5), ("worker", 5)] as [(String, Int64)]
        let (profile, calls) = try calls("^work", stacks)
        #expect(calls.map { profile.functions[$0.hotspot.function].name } == ["work", "worker"])
        #expect(text(calls[0].callers, profile) == ["a 60 60", "b 30 30"])
        #expect(text(calls[0].callees, profile) == ["sub 30 30"] && calls[0].hotspot.selfNs == 60)
        #expect(text(calls[1].callers, profile) == ["- 5 5"] && calls[1].callees.isEmpty)
        #expect(try self.calls("^work", limit: 1, stacks).1.count == 1)
    }

    /// Each edge once per stack, as pprof has it; the total of a function once per stack, too.
    @Test func recursionCountsOncePerStack() throws {
        let (profile, calls) = try calls("^(a|b)$", [("main/a/b/a/b", 100), ("main/a/a/a", 10), ("main/b", 1)])
        #expect(calls.map(\.hotspot.totalNs) == [110, 101])
        #expect(text(calls[0].callers, profile) == ["main 110 110", "b 100 100", "a 10 10"])
        #expect(text(calls[0].callees, profile) == ["b 100 100", "a 10 10"])
        #expect(text(calls[1].callers, profile) == ["a 100 100", "main 1 1"])
        #expect(text(calls[1].callees, profile) == ["a 100 100"])
    }

    @Test func theHottestPathToAFunction() throws {
        let (profile, _) = try calls("x", [("main/a/leaf", 30), ("main/b/leaf", 40), ("main/b", 99)])
        let graph = CallGraphAnalyzer(profile)
        func path(_ name: String) -> [String] {
            graph.hottestPath(to: graph.functions(named: name)[0]).map { profile.functions[$0].name }
        }
        #expect(path("leaf") == ["leaf", "b", "main"] && path("a") == ["a", "main"])
        #expect(graph.hottestPath(to: 999).isEmpty)
    }
}
