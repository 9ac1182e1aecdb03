// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import Synchronization
import Testing

@testable import PotterRecording

/// `--max-size`: a recording with all that lies beside it never exceeds it.
@Suite struct SizeLimitTests {
    let scratch = Scratch()

    /// The room that a file takes at its largest, looked at all the time by another thread.
    final class Watch: Sendable {
        private let worst = Mutex<UInt64>(0)
        private let isOver = Mutex(false)
        private let path: String
        private let ended = DispatchSemaphore(value: 0)

        init(_ path: String) {
            self.path = path
            Thread { [self] in
                while !isOver.withLock({ $0 }) {
                    look()
                    usleep(100)
                }
                ended.signal()
            }.start()
        }

        private func look() {
            let now = ["", "-wal", "-shm", "-journal"].reduce(UInt64(0)) { sum, companion in
                var status = stat()
                return stat(path + companion, &status) == 0 ? sum + UInt64(status.st_size) : sum
            }
            worst.withLock { $0 = max($0, now) }
        }

        func end() -> UInt64 {
            isOver.withLock { $0 = true }
            ended.wait()
            look()
            return worst.withLock { $0 }
        }
    }

    /// Samples of 2^bits stacks until the writer says that it is full, and `after` more.
    private func fill(_ writer: RecordingWriter, bits: UInt64, after: Int) throws {
        let process = try writer.addProcess(pid: 41, parent: nil, executable: "/p", command: "p", startNs: 1_000)
        let threads = try (0..<8).map { index in
            try writer.addThread(process: process, tid: 42 + index, name: "t", startNs: 1_100)
        }
        let module = try writer.addModule(path: "/p", buildID: [1], inode: 9, note: nil)
        var number: UInt64 = 1
        var (samples, left) = (0, after)
        while !writer.isFull || left > 0 {
            if writer.isFull { left -= 1 }
            number = number &* 6_364_136_223_846_793_005 &+ 1
            let walk = number >> (64 - bits)
            let frames = (0...bits).map { Location(module: module, address: (bits - $0) << 20 | walk >> $0) }
            let stack = try writer.stack(frames: frames, flags: 0, cut: 0)
            let kind: SampleKind = number >> 40 & 7 == 0 ? .syscallTick : .user
            try writer.addSample(
                thread: threads[Int(number >> 33 & 7)], timeNs: 1_000_000 + UInt64(samples) * 1_000, stack: stack,
                kind: kind, weightNs: 1_000_000, count: 1)
            samples += 1
            if samples % 1_000 == 0 { try writer.commit() }
        }
    }

    /// What is recorded, and whether all names and all samples find room.
    struct Case {
        var megabytes: Int
        var bits: UInt64
        var nameBytes: Int
        var after: Int
    }

    @Test(arguments: [
        Case(megabytes: 1, bits: 8, nameBytes: 100, after: 0),
        Case(megabytes: 4, bits: 10, nameBytes: 6_000, after: 0),
        Case(megabytes: 4, bits: 10, nameBytes: 100, after: 50_000),
    ])
    func neverAboveIt(of one: Case) throws {
        let path = scratch["r.potter"], limit = UInt64(one.megabytes) << 20
        let watch = Watch(path)
        let writer = try RecordingWriter(path: path, run: Scratch.run, maxBytes: limit)
        try fill(writer, bits: one.bits, after: one.after)
        for location in writer.locationsWithoutNames() {
            let name = "f\(location.address >> 2)" + String(repeating: "x", count: one.nameBytes)
            try writer.setFrames(location: location.id, [NamedFrame(function: name, file: "/src/f.c", language: "c")])
        }
        try writer.finish()
        let worst = watch.end()
        let reader = try RecordingReader(path: path)
        let profile = try reader.profile()
        let samples = profile.weights.reduce(0) { $0 + Int($1.samples) }
        let unnamed = reader.summary.quality.number(QualityKey.namesNoRoom)
        print("\(one): at most \(worst), \(samples) samples, \(writer.samplesWithoutRoom) too many, \(unnamed) unnamed")
        #expect(worst <= limit)
        #expect(worst > limit / 2, "room is not wasted")
        #expect(samples > one.megabytes * 3_000)
        #expect((writer.samplesWithoutRoom > 0) == (one.after > 0))
        #expect((unnamed > 0) == (one.nameBytes > 1_000))
        #expect(profile.functions.contains { $0.name.hasPrefix("f") && $0.name.count >= one.nameBytes })
        #expect(profile.functions.contains { $0.name == "[p]" } == (unnamed > 0))
    }

    /// A reader that holds on to an old state keeps the -wal from being emptied.
    @Test func aReaderBeside() throws {
        let path = scratch["r.potter"], limit = UInt64(4) << 20
        let watch = Watch(path)
        let writer = try RecordingWriter(path: path, run: Scratch.run, maxBytes: limit)
        let reader = Process()
        reader.executableURL = URL(filePath: "/usr/bin/env")
        reader.arguments = ["sqlite3", path]
        let (input, output) = (Pipe(), Pipe())
        (reader.standardInput, reader.standardOutput) = (input, output)
        try reader.run()
        input.fileHandleForWriting.write(Data("BEGIN; SELECT count(*) FROM run;\n".utf8))
        _ = output.fileHandleForReading.availableData  // it has its snapshot
        try fill(writer, bits: 10, after: 0)
        #expect(throws: RecordingError.self) { try writer.finish() }
        #expect(watch.end() <= limit)
        try input.fileHandleForWriting.close()
        reader.waitUntilExit()
        try writer.close()
        let recovered = try RecordingReader(path: path)
        #expect(try recovered.profile().weights.reduce(0) { $0 + Int($1.samples) } > 3_000)
    }
}
