// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterExport
import PotterProfile
import Testing

/// The flame graph in a real browser, with real clicks: Scripts/click_flamegraph.py.
@Suite struct FlameGraphBrowserTests {
    let scratch = Scratch()

    @Test func everythingWorksByMouseAndKeyboard() throws {
        var builder = ProfileBuilder()
        builder.add("main/alpha/leaf", 3_000_000_000)
        builder.add("main/beta/leaf <&>\"'", 2_000_000_000)
        builder.add("main/beta/[kernel]", 1_000_000_000)
        builder.add("main/gamma\u{1}\u{fffe}/x", 1_000_000)
        builder.add("[startup]", 50_000_000)
        builder.add("[unattributed]", -7_000_000, kind: .unattributed)
        try use(builder, as: "small")
    }

    @Test func aTallGraphKeepsItsHeaderInSight() throws {
        var builder = ProfileBuilder()
        let deep = (0..<150).map { "level\($0)" }
        builder.add(deep.joined(separator: "/"), 3_000_000_000)
        builder.add((deep.prefix(99) + ["beside"]).joined(separator: "/"), 2_000_000_000)
        builder.add("[unattributed]", -7_000_000, kind: .unattributed)
        try use(builder, as: "tall")
    }

    private func use(_ builder: ProfileBuilder, as kind: String) throws {
        let profile = builder.profile()
        let output = try OutputFile(path: scratch["graph.svg"])
        FlameGraph(profile, tree: CallTree(profile)).write(to: output)
        try output.close()
        let script = #filePath.replacing("FlameGraphBrowserTests.swift", with: "Scripts/click_flamegraph.py")
        let status = scratch.run("/usr/bin/env", "python3", script, kind, scratch["graph.svg"])
        guard status != 77 else { try Test.cancel("no Chromium here, and it cannot be installed") }
        #expect(status == 0)
    }
}
