// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterProfile
import Testing

@testable import PotterExport

/// The tree of a whole profile as text.
func treeLines(_ profile: Profile, _ tree: CallTree, percentLimit: Double, limit: Int) -> [String] {
    TreeText(
        profile: profile, tree: tree, statistics: ShareStatistics(profile.weights), percentLimit: percentLimit,
        limit: limit
    ).lines()
}

@Suite struct ExportTests {
    let scratch = Scratch()

    private func profile() -> Profile {
        var builder = ProfileBuilder()
        builder.add("main/a;b/leaf", 600)
        builder.add("main/a;b", 100)
        builder.add("main/line\nbreak", 250)
        builder.add("main/line\nbreak/[kernel]", 50, kind: .kernel)
        builder.add("[unattributed]", -20, kind: .unattributed)
        return builder.profile()
    }

    private func written(_ body: (OutputFile) -> Void) throws -> String {
        let output = try OutputFile(path: scratch["out"])
        body(output)
        try output.close()
        return String(decoding: scratch.read("out"), as: UTF8.self)
    }

    @Test func foldedStacks() throws {
        let profile = profile()
        let text = try written { FoldedStacks(profile, tree: CallTree(profile)).write(to: $0) }
        #expect(
            text.split(separator: "\n").sorted() == [
                "main;a:b 100", "main;a:b;leaf 600", "main;line break 250", "main;line break;[kernel] 50",
            ])
    }

    @Test func widthsOfFlameGraphFramesAddUp() {
        let profile = profile()
        let layout = FlameGraphLayout(profile, tree: CallTree(profile), pixels: 1000, leastPixels: 0)
        #expect(layout.totalNs == 1_000)  // what is negative has no width
        for (index, frame) in layout.frames.enumerated() {
            let below = layout.frames.dropFirst(index + 1).filter {
                $0.level == frame.level + 1 && $0.startNs >= frame.startNs
                    && $0.startNs < frame.startNs + frame.widthNs
            }
            #expect(below.reduce(frame.selfNs) { $0 + $1.widthNs } == frame.widthNs)
        }
    }

    @Test func theFlameGraphSaysWhyItsTimeIsNotThatOfTheClocks() throws {
        let profile = profile()
        let text = try written { FlameGraph(profile, tree: CallTree(profile)).write(to: $0) }
        #expect(text.contains(">CPU time 980 ns · duration 2.00 s · 5 samples · 1 thread · the frames add up to "))
        #expect(text.contains("1.00 us, 20 ns more than the clocks say</text>"))
    }

    @Test func narrowFramesAreCountedNotDrawn() {
        var builder = ProfileBuilder()
        builder.add("main/wide", 1_000_000)
        for index in 0..<50 { builder.add("main/narrow\(index)", 1) }
        let profile = builder.profile()
        let layout = FlameGraphLayout(profile, tree: CallTree(profile), pixels: 1000, leastPixels: 0.1)
        #expect(layout.frames.count == 3)
        #expect(layout.hidden.count == 50)
        #expect(layout.hidden.weightNs == 50)
    }

    @Test func veryDeepStacksNeedNoRecursion() throws {
        var builder = ProfileBuilder()
        builder.add((0..<3_000).map { "f\($0 % 7)" }.joined(separator: "/"), 1_000)
        let profile = builder.profile()
        let tree = CallTree(profile)
        #expect(FlameGraphLayout(profile, tree: tree, pixels: 1000, leastPixels: 0.1).levels == 3_001)
        #expect(treeLines(profile, tree, percentLimit: 0, limit: .max).count == 3_001)
        #expect(HotspotAnalysis(profile).hotspots.count == 7)
    }

    @Test func theTreeIndentsOnlyBranches() {
        let profile = profile()
        let lines = treeLines(profile, CallTree(profile), percentLimit: 0, limit: 100)
        #expect(lines[1].hasSuffix("  main"))
        #expect(lines[2].hasSuffix("  ├─ a;b"))
        #expect(lines[3].hasSuffix("  │  leaf"))
    }

    @Test func jsonHasTheContract() throws {
        let views = ReportViews(report: ProfileReport(profile()), stacks: nil, calls: [], sorted: nil)
        let text = try written { output in
            JSONReport(
                views: views, order: .selfTime, limit: nil, percentLimit: 0, tree: CallTree(profile())
            ).write(to: output)
        }
        // Whether it is JSON at all, and the JSON of the schema, is for another parser to say.
        let validator = #filePath.replacing("ExportTests.swift", with: "Scripts/validate_json.py")
        let schema = #filePath.replacing(
            "Tests/PotterRecordingTests/ExportTests.swift", with: "Docs/report.schema.json")
        #expect(text.contains("\"line\\nbreak\""))
        #expect(scratch.run("/usr/bin/env", "python3", validator, schema, scratch["out"]) == 0)
    }

    @Test func theHeaderQuotesTheCommand() {
        let lines = HeaderText(summary: profile().summary).lines()
        #expect(lines[0] == "./app 'with space'")
        #expect(lines.contains { $0.contains("quality: good; 5 samples, 0 lost") })
    }

    @Test func colourFollowsTheLanguage() {
        func category(_ name: String, language: String = "", binary: String = "/bin/app", module: String = "") -> String
        {
            FunctionCategory(Function(name: name, module: module, binary: binary, language: language)).rawValue
        }
        #expect(category("swift_retain", binary: "/usr/lib/libswiftCore.so") == "swiftRuntime")
        #expect(category("Array.append(_:)", language: "swift", module: "Swift") == "swiftLibrary")
        #expect(category("Server.run()", language: "swift", module: "Server") == "swift")
        #expect(category("read", language: "c", binary: "/lib/libc.so.6") == "system")
        #expect(category("[kernel]") == "kernel")
        #expect(category("[exit]") == "pseudo")
        #expect(category("[libx.so+0x10]") == "unknown")
    }
}
