// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile
import PotterRecording

/// Makes a recording of any size through the production writer: the same numbers make the same recording.
///
/// Stacks share callers as real ones do: each is a walk down a random tree of calls that is wide near the root and
/// narrow below, with depths around the median.
struct RecordingGenerator {
    var samples = 1_000_000
    var stacks = 100_000
    var functions = 20_000
    var threads = 64
    var medianDepth = 40

    private var random = SplitMix64(seed: 4)
    private let startNs: UInt64 = 1_000_000_000
    private let periodNs: UInt64 = 1_003_009

    /// Returns nanoseconds per call of `addSample`, commits not counted, and per sample with everything.
    mutating func write(to path: String) throws -> (addNs: Double, allNs: Double) {
        let run = RunInfo(
            command: ["generated", "\(samples) samples"], startNs: startNs, startWallNs: 0, engine: .perf,
            engineReason: "generated", rateHz: 997, periodNs: periodNs, tickNs: 4_000_000)
        let writer = try RecordingWriter(path: path, run: run)
        let process = try writer.addProcess(
            pid: 4711, parent: nil, executable: "/opt/generated", command: "generated", startNs: startNs)
        let threadIDs = try (0..<threads).map { index in
            try writer.addThread(process: process, tid: Int32(4711 + index), name: "worker-\(index)", startNs: startNs)
        }
        let clock = ContinuousClock()
        let begin = clock.now
        let stackIDs = try addStacks(writer)
        let adding = try addSamples(writer, threadIDs, stackIDs, clock)
        try close(writer, threadIDs)
        return (adding.ns / Double(samples), begin.duration(to: clock.now).ns / Double(samples))
    }

    private mutating func addStacks(_ writer: RecordingWriter) throws -> [Int64] {
        let modules = try (0..<20).map { index in
            try writer.addModule(path: "/opt/lib/libgenerated\(index).so", buildID: [UInt8(index)], inode: 1, note: nil)
        }
        var known: Set<Int64> = []
        var distinct: [Int64] = []
        while distinct.count < stacks {
            var frames: [Location] = []
            var state: UInt64 = 0
            for level in 0..<depth() {
                // Few ways on near the root and in the middle: callers are shared.
                state = SplitMix64.mix(state &* 31 &+ random.next(below: level % 4 == 3 ? 6 : 1) &+ UInt64(level))
                let function = state % UInt64(functions)
                frames.append(
                    Location(module: modules[Int(function) % modules.count], address: function << 8 | (state >> 40) & 3)
                )
            }
            let stack = try writer.stack(frames: frames.reversed(), flags: 0, cut: 0)
            if known.insert(stack).inserted { distinct.append(stack) }
        }
        return distinct
    }

    private mutating func depth() -> Int {
        // The sum of four dice: most stacks are near the median, some are twice as deep.
        let quarter = UInt64(medianDepth / 2)
        return (0..<4).reduce(4) { sum, _ in sum + Int(random.next(below: quarter)) } - 2
    }

    private mutating func addSamples(
        _ writer: RecordingWriter, _ threadIDs: [Int64], _ stackIDs: [Int64], _ clock: ContinuousClock
    ) throws -> Duration {
        var adding = Duration.zero
        let perCommit = 64_000
        for first in stride(from: 0, to: samples, by: perCommit) {
            let batch = (first..<min(samples, first + perCommit)).map { index in
                (
                    threadIDs[index % threads],
                    stackIDs[index < stacks ? index : Int(random.next(below: UInt64(stacks)))],
                    UInt64(index)
                )
            }
            let begin = clock.now
            for (thread, stack, index) in batch {
                try writer.addSample(
                    thread: thread, timeNs: startNs + index * periodNs / UInt64(threads), stack: stack, kind: .user,
                    weightNs: periodNs, count: 1)
            }
            adding += begin.duration(to: clock.now)
            try writer.commit()
        }
        return adding
    }

    private mutating func close(_ writer: RecordingWriter, _ threadIDs: [Int64]) throws {
        let cpuNs = UInt64(samples / threads) * periodNs
        for thread in threadIDs {
            try writer.updateThread(
                thread, name: nil, endNs: nil, cpuNs: cpuNs, armingNs: 10_000, unsampledReason: nil)
        }
        for location in writer.locationsWithoutNames() {
            let function = location.address >> 8
            try writer.setFrames(
                location: location.id,
                [
                    NamedFrame(
                        function: "Component\(function % 97).operation\(function)(with:count:)",
                        systemName: "$s9generated9ComponentV9operation\(function)yyF", module: "Generated",
                        file: "/src/generated/Component\(function % 97).swift", line: UInt32(function % 1000) + 1,
                        language: "swift")
                ])
        }
        try writer.finish()
    }
}

extension Duration {
    var ns: Double {
        Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9
    }
}
