// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterProfile
import Testing

@testable import PotterRecording

/// Every error is one line that says what, why and what to do.
@Suite struct RecordingErrorTests {
    let scratch = Scratch()

    private func code(_ body: () throws -> Void) -> RecordingError.Code? {
        do {
            try body()
            return nil
        } catch let error as RecordingError {
            #expect(!error.description.contains("\n"))
            #expect(!error.why.isEmpty && !error.advice.isEmpty)
            return error.code
        } catch {
            Issue.record("another error: \(error)")
            return nil
        }
    }

    private func readCode(_ name: String) -> RecordingError.Code? {
        code {
            let reader = try RecordingReader(path: scratch[name])
            _ = try reader.report()
            _ = try reader.profile()
        }
    }

    private func write(_ name: String, _ bytes: [UInt8]) {
        let descriptor = open(scratch[name], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    @Test func missingForeignAndEmptyFiles() {
        #expect(readCode("none.potter") == .notFound)
        write("empty.potter", [])
        #expect(readCode("empty.potter") == .truncated)
        write("text.potter", Array("#!/bin/sh\necho this is not a recording at all, whatever its name says\n".utf8))
        #expect(readCode("text.potter") == .notARecording)
        #expect(readCode("") == .notARecording)  // a directory
        scratch.run("/usr/bin/env", "sqlite3", scratch["other.potter"], "CREATE TABLE t(a); INSERT INTO t VALUES(1)")
        if access(scratch["other.potter"], F_OK) == 0 { #expect(readCode("other.potter") == .notARecording) }
    }

    @Test func aNewerFormatIsRefused() throws {
        try scratch.writer().finish()
        var all = scratch.read("r.potter")
        let version = UInt32((RecordingFormat.major + 1) * 1000)
        for index in 0..<4 { all[60 + index] = UInt8(truncatingIfNeeded: version >> (24 - 8 * UInt32(index))) }
        write("newer.potter", all)
        #expect(readCode("newer.potter") == .newerFormat)
    }

    @Test func aTruncatedFileIsRefusedAtEveryLength() throws {
        try scratch.writer().finish()
        let all = scratch.read("r.potter")
        for length in stride(from: 1, to: all.count, by: 997) {
            write("cut.potter", Array(all.prefix(length)))
            #expect(readCode("cut.potter") == .truncated, "\(length) of \(all.count) bytes")
        }
    }

    /// Whatever a byte becomes: an answer or an error, never a crash. The seed is fixed.
    @Test func damagedFilesCrashNothing() throws {
        try scratch.writer().finish()
        let all = scratch.read("r.potter")
        var generator = SeededGenerator(state: 11)
        for _ in 0..<400 {
            var damaged = all
            for _ in 0..<8 {
                // After the header, whose fields have tests of their own.
                damaged[Int.random(in: 100..<all.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            write("damaged.potter", damaged)
            _ = readCode("damaged.potter")
        }
    }

    @Test func placesThatCannotBeWritten() throws {
        #expect(
            code { _ = try RecordingWriter(path: scratch["no/such/r.potter"], run: Scratch.run) } == .directoryMissing)
        mkdir(scratch["taken.potter"], 0o700)
        #expect(code { _ = try RecordingWriter(path: scratch["taken.potter"], run: Scratch.run) } == .notPermitted)
        if geteuid() != 0 {
            chmod(scratch.directory, 0o500)
            #expect(code { _ = try RecordingWriter(path: scratch["r.potter"], run: Scratch.run) } == .notPermitted)
        }
        #expect(code { _ = try RecordingWriter(path: "/proc/r.potter", run: Scratch.run) } != nil)
    }

    @Test func aFullDiskIsAnErrorAndTheRestStaysReadable() throws {
        let mount = scratch["small"]
        mkdir(mount, 0o700)
        guard geteuid() == 0,
            scratch.run("/bin/mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", mount) == 0
        else { try Test.cancel("needs a file system of its own: not root, or mount is not allowed") }
        defer { scratch.run("/bin/umount", mount) }
        let writer = try scratch.writer("small/r.potter")
        let stack = try writer.stack(frames: [Location(module: 2, address: 1)], flags: 0, cut: 0)
        let failure = code {
            for round in 0..<100 {
                for index in 0..<1_000 {
                    try writer.addSample(
                        thread: 1, timeNs: UInt64(round * 1_000 + index), stack: stack, kind: .user, weightNs: 1,
                        count: 1)
                }
                try writer.commit()
            }
        }
        #expect(failure == .diskFull)
        try? writer.close()
        #expect(try RecordingReader(path: scratch["small/r.potter"]).summary.totals.samples >= 7)
    }
}

/// A generator whose sequence never changes.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
