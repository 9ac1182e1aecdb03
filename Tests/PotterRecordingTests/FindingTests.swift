// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import Testing

/// Hotspots as findings, and fingerprints that survive another build.
@Suite(.serialized) struct FindingTests {
    let scratch = Scratch()

    private func findings(_ stacks: [(String, Int64)], scale: UInt64 = 1) -> [Finding] {
        var builder = ProfileBuilder()
        for (path, weightNs) in stacks {
            let isKernel = path.hasSuffix("[kernel]")
            builder.add(path, weightNs, kind: isKernel ? .kernel : .user, samples: UInt64(weightNs) * scale)
        }
        return HotspotFindings(builder.profile()).findings
    }

    @Test func whatIsAboveTheLeastShare() {
        let findings = findings([("main/a", 700), ("main/b", 252), ("main/c", 48)])
        #expect(findings.map(\.site.function) == ["a", "b"])
        #expect(findings[0].title == "a uses 70.0 % of the CPU time itself" && findings[0].confidence == .proven)
        #expect(findings[0].site.stack == ["a", "main"] && findings[0].site.module == "app")
        let magnitude = findings[0].magnitude
        #expect(magnitude.low < 70 && magnitude.low > 66 && magnitude.high > 70 && magnitude.high < 74)
    }

    @Test func systemCallsAreTimeOfWhoMakesThem() {
        let findings = findings([("main/read/[kernel]", 400), ("main/read", 10), ("main/work", 590)])
        #expect(findings.map(\.site.function) == ["work", "read"])
        #expect(findings[1].magnitude.value == 41)
        #expect(findings[1].evidence.contains { $0.name == "in the kernel" && $0.value == 40 })
    }

    @Test func fewSamplesProveLess() {
        #expect(findings([("a", 6), ("b", 1)]).map(\.confidence) == [.proven, .inconclusive])
        #expect(findings([("a", 54), ("b", 6)]).map(\.confidence) == [.proven, .likely])  // 10 % of 60
        #expect(findings([("a", 93), ("b", 7)]).map(\.confidence) == [.proven, .likely])
        #expect(findings([("a", 107), ("b", 6)]).map(\.confidence) == [.proven, .suspected])
        #expect(findings([("a", 930), ("b", 70)]).map(\.confidence) == [.proven, .proven])
    }

    @Test func aRecordingOfWhichMuchIsUnknownProvesNothing() {
        var builder = ProfileBuilder()
        builder.add("main", 800, samples: 800)
        builder.add("[unattributed]", 200, kind: .unattributed, samples: 0)
        let findings = HotspotFindings(builder.profile()).findings
        #expect(findings.map(\.confidence) == [.likely] && findings[0].evidence.last?.name == "unattributed")
    }

    // MARK: Fingerprints

    @Test func fingerprintsAreOfNames() {
        func fingerprint(
            _ name: String, module: String = "", binary: String = "/a/app", file: String = "", line: UInt32 = 0
        )
            -> Fingerprint
        {
            Fingerprint(
                .cpuHotspot, Function(name: name, module: module, binary: binary, file: file, line: line))
        }
        let one = fingerprint("f", binary: "/a/libx.so.1.2", file: "/src/f.c", line: 3)
        #expect(one == fingerprint("f", binary: "/b/libx.so.1.3.0", file: "/other/f.c", line: 9))
        #expect(one != fingerprint("g", binary: "/a/libx.so.1.2"))
        #expect(one != fingerprint("f", binary: "/a/liby.so.1"))
        #expect(fingerprint("f", module: "M") == fingerprint("f", module: "M", binary: "/b/other"))
        #expect(fingerprint("[app+0x12]") == fingerprint("[app+0x34]"))
        #expect(fingerprint("f").description.count == 16)
    }

    /// Fingerprints of hotspots by function.
    private func fingerprints(_ command: [String], in directory: String) throws -> [String: String] {
        let run = try RecordedProgram(command, in: directory)
        let findings = try run.json("findings").objects("findings")
        #expect(findings.allSatisfy { $0.string("kind") == "cpu.hotspot" && !$0.object("site").isEmpty })
        return Dictionary(findings.map { ($0.object("site").string("function"), $0.string("fingerprint")) }) { one, _ in
            one
        }
    }

    /// Builds a source twice: as it is, and elsewhere, with other flags and a function more in front of all others.
    private func twoBuilds(
        _ source: String, adding function: String, after marker: String, flags: [[String]], _ arguments: [String]
    )
        throws -> [[String: String]]
    {
        let text = try String(contentsOfFile: "\(RecordedProgram.repository)/Tests/Programs/\(source)", encoding: .utf8)
        let changed = text.replacing(marker, with: marker + "\n" + function, maxReplacements: 1)
        try #require(changed != text)
        return try zip([text, changed], zip(["one", "two/deeper"], flags)).map { text, build in
            let directory = scratch[build.0]
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try text.write(toFile: "\(directory)/\(source)", atomically: true, encoding: .utf8)
            let name = String(source.prefix { $0 != "." })
            let program = try RecordedProgram.compile("\(directory)/\(source)", as: name, in: directory, build.1)
            return try fingerprints([program] + arguments, in: directory)
        }
    }

    /// The function that has most of the time is there in both, and what both have is the same. (Inlined functions are seen
    /// with debug information only, and small ones come and go at the least share.)
    private func checkEqual(_ builds: [[String: String]], _ function: String) {
        #expect(builds.allSatisfy { $0[function] != nil }, "\(builds)")
        for (name, fingerprint) in builds[0] { #expect(builds[1][name] ?? fingerprint == fingerprint, "\(name)") }
        #expect(builds.allSatisfy { Set($0.values).count == $0.count })
    }

    @Test func twoBuildsOfACProgram() throws {
        let builds = try twoBuilds(
            "split.c", adding: "__attribute__((noinline)) int unrelated(int x) { return x * 3 + (int)sink; }",
            after: "static volatile uint64_t sink;", flags: [["-O2", "-g"], ["-O1", "-fno-omit-frame-pointer"]], ["0.5"]
        )
        checkEqual(builds, "mix")
    }

    @Test func twoBuildsOfASwiftProgram() throws {
        let builds = try twoBuilds(
            "split.swift", adding: "@inline(never) func unrelated(_ x: Int) -> Int { x * 3 + 1 }",
            after: "import Glibc",
            flags: [["-O", "-g"], ["-O", "-Xcc", "-fno-omit-frame-pointer", "-enforce-exclusivity=unchecked"]], ["0.5"])
        checkEqual(builds, "Mixer.mix(_:rounds:)")
    }
}
