// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import Testing

@testable import PotterRecording

@Suite struct RecordingWriterTests {
    let scratch = Scratch()

    @Test func aFinishedRecordingSaysWhatWasWritten() throws {
        try scratch.writer().finish()
        #expect(access(scratch["r.potter-wal"], F_OK) != 0)
        let reader = try RecordingReader(path: scratch["r.potter"])
        let totals = reader.summary.totals
        #expect(reader.summary.run.command == Scratch.run.command)
        #expect(reader.summary.durationNs == 2_000)
        #expect(totals[.user] == 600)
        #expect(totals[.kernel] == 280)  // 900 - 20 - 600, below the cap
        #expect(totals[.arming] == 20)
        #expect(totals[.startup] == 30)
        #expect(totals[.exit] == 70)
        #expect(totals[.unattributed] == 0)
        #expect(totals.totalNs == 1_000)
        #expect(totals.samples == 7)
        #expect(reader.summary.quality.lost == 3)
        #expect(reader.summary.quality.number(QualityKey.unwindFallback) == 1)
        #expect(reader.summary.threads.map(\.tid) == [42])
        #expect(reader.summary.threads[0].cpuNs == 900)
    }

    @Test func theTableOfHotspotsIsWhatTheStacksSay() throws {
        try scratch.writer().finish()
        let reader = try RecordingReader(path: scratch["r.potter"])
        let stored = try reader.report().hotspots(by: .selfTime)
        let profile = try reader.profile()
        let computed = HotspotAnalysis(hotspots: HotspotAnalysis(profile).hotspotsWithTies).hotspots(by: .selfTime)
        #expect(stored.map(\.hotspot) == computed)
        for order in HotspotAnalysis.Order.allCases {
            let ties = ProfileReport(profile).hotspots(by: order).map(\.isTie)
            #expect(try reader.report().hotspots(by: order).map(\.isTie) == ties && ties.contains(true))
        }
        #expect(stored.map(\.function.name) == ["work", "[kernel]", "[exit]", "[startup]", "[arming]", "main"])
        #expect(stored[0].hotspot.selfNs == 600)  // the recorder's frame is gone, its time is its caller's
        #expect(stored.last?.hotspot.totalNs == 880)
        #expect(stored.last?.hotspot.line == 0x10)  // the line of the system call
    }

    /// Format 1.0 says less of hotspots. A file that says too much of them is no reason to fail.
    @Test func hotspotsOfOtherFormats() throws {
        try scratch.writer().finish()
        let path = scratch["r.potter"]
        func intervals() throws -> [ShareInterval] {
            try RecordingReader(path: path).report().hotspots(by: .totalTime).flatMap {
                [$0.selfInterval, $0.totalInterval]
            }
        }
        let before = try intervals()
        #expect(
            scratch.run("/usr/bin/env", "sqlite3", path, "UPDATE hotspot SET self_variance=1e999, total_variance='x'")
                == 0)
        #expect(try intervals().allSatisfy { $0.low.isFinite && $0.high.isFinite })
        let columns = ["self_variance", "total_variance", "total_tie"].map { "ALTER TABLE hotspot DROP COLUMN \($0);" }
        #expect(scratch.run("/usr/bin/env", "sqlite3", path, columns.joined()) == 0)
        let after = try intervals()
        // The stacks of these functions are of one kind each, but for main's.
        #expect(after.count == before.count && zip(after, before).filter { $0 == $1 }.count >= before.count - 1)
    }

    @Test func anOlderFileIsKeptWithItsCompanions() throws {
        let killed = try scratch.writer()
        #expect(access(scratch["r.potter-wal"], F_OK) == 0)
        for companion in ["", "-wal", "-shm"] {  // a copy, which no living writer holds
            let path = scratch["r.potter"] + companion
            try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
            rename(path + ".copy", path)
        }
        try scratch.writer().finish()
        let old = try RecordingReader(path: scratch["r.potter.old"])
        #expect(old.summary.totals.samples == 7)
        #expect(old.summary.quality.number(QualityKey.recovered) == 1)
        #expect(try RecordingReader(path: scratch["r.potter"]).summary.quality.number(QualityKey.recovered) == 0)
        try killed.close()
    }

    @Test func stacksAreInterned() throws {
        let writer = try scratch.writer()
        let nodes = writer.state.trie.nodes.count
        let frames = [Location(module: 2, address: 0x20), Location(module: 2, address: 0x10)]
        let first = try writer.stack(frames: frames, flags: 0, cut: 0)
        let second = try writer.stack(frames: frames, flags: 0, cut: 0)
        #expect(first == second)
        #expect(writer.state.trie.nodes.count == nodes)  // it is the caller of the handler's
        let failed = try writer.stack(frames: frames, flags: 2, cut: 0)
        let again = try writer.stack(frames: frames, flags: 2, cut: 0)
        #expect(failed != first)
        #expect(failed == again)
        try writer.close()
    }

    @Test func aCutStackSaysHowManyFramesAreMissing() throws {
        let writer = try scratch.writer()
        let frames = (0..<512).map { Location(module: 2, address: 0x1000 + UInt64($0)) }
        let stack = try writer.stack(frames: frames, flags: 1, cut: 777)
        try writer.addSample(thread: 1, timeNs: 1, stack: stack, kind: .user, weightNs: 1, count: 1)
        try writer.finish()
        let profile = try RecordingReader(path: scratch["r.potter"]).profile()
        let path = profile.stacks.path(of: UInt32(stack))
        #expect(path.count == 513)
        let entry = profile.frames.entries[profile.frames.range(at: path[256]).lowerBound]
        #expect(profile.functions[Int(entry.function)].name == "[cut]")
        #expect(writer.state.trie.locations[Int(path[256])] == PseudoFrame.cut.location(count: 777))
    }

    @Test func whatHasNoNameIsShownByModuleAndAddress() throws {
        try scratch.writer(named: false).finish()
        let names = try RecordingReader(path: scratch["r.potter"]).report().functions.map(\.name)
        #expect(names.contains("[server+0x20]"))
        #expect(names.contains("[kernel]"))
    }

    @Test func aFunctionIsOneWhateverItsAddressesSay() throws {
        let writer = try scratch.writer(named: false)
        let locations = try (0..<5).map { index in
            try writer.stack(frames: [Location(module: 2, address: 0x100 + UInt64(index))], flags: 0, cut: 0)
        }
        #expect(locations.count == 5)
        let files = ["", "/a.c", "", "/b.c", "/a.c"]  // a static function of one name in two files
        for (index, file) in files.enumerated() {
            guard let location = writer.locationsWithoutNames().first(where: { $0.address == 0x100 + UInt64(index) })
            else { throw RecordingError(.misuse, what: "", path: "", why: "no location", advice: "") }
            try writer.setFrames(
                location: location.id,
                [NamedFrame(function: "init", systemName: "init.\(index)", file: file, line: 1, language: "c")])
            if index == 0 { try writer.commit() }
        }
        try writer.finish()
        let functions = try RecordingReader(path: scratch["r.potter"]).report().functions
        #expect(functions.filter { $0.name == "init" }.map(\.file) == ["/a.c", "/b.c"])
    }

    @Test func mistakesOfTheCallerAreErrors() throws {
        let writer = try scratch.writer()
        #expect(throws: RecordingError.self) {
            try writer.addSample(thread: 9, timeNs: 0, stack: 1, kind: .user, weightNs: 1, count: 1)
        }
        #expect(throws: RecordingError.self) {
            try writer.stack(frames: [Location(module: 77, address: 1)], flags: 0, cut: 0)
        }
        try writer.close()
    }
}
