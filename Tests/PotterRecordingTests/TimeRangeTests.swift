// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import PotterRecording
import Testing

/// `--time`, on a recording of 10 s made by the production writer: `early` until 4 s, then `late`; system calls of `early`
/// at 1 and 3 s, page faults of `late` at 5 and 9 s.
@Suite struct TimeRangeTests {
    let scratch = Scratch()
    private let second: UInt64 = 1_000_000_000

    private func reader(engine: Engine = .perf) throws -> RecordingReader {
        let run = RunInfo(
            command: ["./app"], startNs: 5 * second, startWallNs: 0, endNs: 15 * second, engine: engine, rateHz: 100,
            periodNs: second / 100, tickNs: second / 250)
        let writer = try RecordingWriter(path: scratch["t.potter"], run: run)
        let process = try writer.addProcess(
            pid: 41, parent: nil, executable: "/bin/app", command: "./app", startNs: 5 * second)
        try writer.updateProcess(process, endNs: nil, cpuNs: 12 * second, startupCpuNs: second, note: nil)
        let thread = try writer.addThread(process: process, tid: 41, name: "app", startNs: 5 * second)
        try addSamples(writer, thread, engine)
        try writer.updateThread(
            thread, name: nil, endNs: nil, cpuNs: engine == .perf ? 10 * second : 11 * second, armingNs: 0,
            unsampledReason: nil)
        for location in writer.locationsWithoutNames() {
            let name = [0x10: "main", 0x20: "early", 0x30: "late"][location.address] ?? "?"
            try writer.setFrames(location: location.id, [NamedFrame(function: name)])
        }
        try writer.finish()
        return try RecordingReader(path: scratch["t.potter"])
    }

    private func addSamples(_ writer: RecordingWriter, _ thread: Int64, _ engine: Engine) throws {
        let module = try writer.addModule(path: "/bin/app", buildID: [], inode: 1, note: nil)
        func stack(_ address: UInt64) throws -> Int64 {
            try writer.stack(
                frames: [Location(module: module, address: address), Location(module: module, address: 0x10)], flags: 0,
                cut: 0)
        }
        let (early, late) = (try stack(0x20), try stack(0x30))
        func add(_ stack: Int64, at milliseconds: UInt64, _ kind: SampleKind, weightNs: UInt64, count: UInt32) throws {
            try writer.addSample(
                thread: thread, timeNs: 5 * second + milliseconds * 1_000_000, stack: stack, kind: kind,
                weightNs: weightNs, count: count)
        }
        for index in 0..<800 as Range<UInt64> {  // 8 s in 10
            let kind: SampleKind = engine == .perf ? .user : .tick
            let at = index * 25 / 2
            try add(at < 4_000 ? early : late, at: at, kind, weightNs: second / 100, count: 1)
        }
        // 100 and 300 ticks, 1 and 3 parts of the kernel time.
        let tickNs = engine == .perf ? 0 : second / 250
        try add(early, at: 1_000, .syscallTick, weightNs: tickNs * 100, count: 100)
        try add(early, at: 3_000, .syscallTick, weightNs: tickNs * 300, count: 300)
        guard engine == .perf else { return }
        try add(late, at: 5_000, .fault, weightNs: second / 10, count: 1)
        try add(late, at: 9_000, .fault, weightNs: second / 10, count: 1)
    }

    private func totals(_ profile: Profile) -> [String: Int64] {
        var totals: [String: Int64] = [:]
        for weight in profile.weights { totals["\(weight.kind)", default: 0] += weight.weightNs }
        return totals
    }

    private func part(_ reader: RecordingReader, _ time: String) throws -> Profile {
        var selection = Selection()
        selection.time = try TimeRange(time)
        return try reader.profile(of: selection)
    }

    @Test func samplesKeepTheWeightThatTheRecordingGaveThem() throws {
        let reader = try reader()
        let whole = totals(try reader.profile())
        let kernel = try #require(whole["kernel"]), faults = try #require(whole["fault"])
        #expect(whole["user"] == 8_000_000_000 && kernel + faults == 2_000_000_000)
        let second = totals(try part(reader, "1,2"))
        #expect(second == ["user": 800_000_000, "kernel": kernel / 4])  // 100 of 400 ticks
        #expect(totals(try part(reader, "40%-60%")) == ["user": 1_600_000_000, "fault": faults / 2])
        #expect(totals(try part(reader, "9.5,")) == ["user": 400_000_000])
    }

    @Test func rangesThatMeetAddUpToTheWhole() throws {
        for engine in [Engine.perf, .timer] {
            let reader = try reader(engine: engine)
            let whole = totals(try reader.profile()).filter { ["user", "kernel", "fault"].contains($0.key) }
            for cuts in [["0", "3", "10"], ["0", "0.7", "4.999", "5", "9.001", "10"]] {
                var sum: [String: Int64] = [:]
                for (from, to) in zip(cuts, cuts.dropFirst()) {
                    sum.merge(totals(try part(reader, "\(from),\(to)")), uniquingKeysWith: +)
                }
                // Each part of a weight is rounded down.
                for (kind, ns) in whole { #expect(abs(ns - (sum[kind] ?? 0)) <= 5, "\(engine) \(kind) \(cuts)") }
                #expect(Set(sum.keys) == Set(whole.keys))
            }
            #expect(totals(try part(reader, "0,10")) == whole)
        }
    }

    @Test func timeWithoutAStackIsLeftOutAndNamed() throws {
        let part = try part(reader(), "2,3")
        #expect(part.part?.leftOut[.startup] == 1_000_000_000 && part.part?.leftOut[.exit] == 1_000_000_000)
        #expect(part.summary.totals[.startup] == 0 && part.summary.threads[0].cpuNs == nil)
        #expect(part.part?.recording.totals.totalNs == 12_000_000_000)
    }

    @Test func timeAndFunctionsHoldTogether() throws {
        var selection = Selection()
        selection.time = try TimeRange("3,5")
        selection.focus = try NamePattern("late")
        #expect(try totals(reader().profile(of: selection)) == ["user": 800_000_000])
    }
}
