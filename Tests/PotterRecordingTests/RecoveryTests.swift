// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterProfile
import Testing

@testable import PotterRecording

/// What is left of a recording when its collector was killed. (A copy of the files under an open writer is what SIGKILL
/// leaves: nothing is flushed on the way out.)
@Suite struct RecoveryTests {
    let scratch = Scratch()

    /// Copies a recording that is being written, as it is on the disk.
    private func kill(_ writer: RecordingWriter, to name: String, companions: [String] = ["", "-wal"]) throws {
        for companion in companions {
            scratch.run("/bin/cp", scratch["r.potter"] + companion, scratch[name] + companion)
        }
        try writer.close()
    }

    @Test func aKilledRecordingIsReadable() throws {
        let writer = try scratch.writer()
        try kill(writer, to: "renamed.potter")
        let reader = try RecordingReader(path: scratch["renamed.potter"])
        #expect(reader.summary.totals.samples == 7)
        #expect(reader.summary.totals.totalNs == 1_000)
        #expect(reader.summary.quality.number(QualityKey.recovered) == 1)
        #expect(try reader.report().hotspots(by: .selfTime).first?.function.name == "work")
        // Nothing was written: without a way to name locations the file stays as it is.
        #expect(access(scratch["renamed.potter-wal"], F_OK) == 0)
    }

    @Test func namesAreAddedOnceWhereTheFileMayBeWritten() throws {
        try kill(scratch.writer(named: false), to: "killed.potter")
        var asked = 0
        for _ in 0..<2 {
            let reader = try RecordingReader(path: scratch["killed.potter"]) { writer in
                asked += 1
                try Scratch.name(writer)
            }
            #expect(try reader.report().hotspots(by: .selfTime).first?.function.name == "work")
            #expect(reader.summary.totals.totalNs == 1_000)
        }
        #expect(asked == 1)
        #expect(access(scratch["killed.potter-wal"], F_OK) != 0)
    }

    @Test func aKilledRecordingInAReadOnlyPlaceIsReadable() throws {
        try kill(scratch.writer(named: false), to: "killed.potter")
        mkdir(scratch["disc"], 0o700)
        for companion in ["", "-wal"] {
            rename(scratch["killed.potter"] + companion, scratch["disc/killed.potter"] + companion)
        }
        if geteuid() == 0 {
            // Rights do not stop root: a read-only mount does.
            guard scratch.run("/bin/mount", "--bind", "-o", "ro", scratch["disc"], scratch["disc"]) == 0 else {
                try Test.cancel("mount is not allowed here")
            }
        } else {
            chmod(scratch["disc"], 0o500)
        }
        defer {
            if geteuid() == 0 { scratch.run("/bin/umount", scratch["disc"]) }
            chmod(scratch["disc"], 0o700)
        }
        let reader = try RecordingReader(path: scratch["disc/killed.potter"], nameLocations: Scratch.name)
        #expect(reader.summary.totals.samples == 7)
        #expect(try reader.report().hotspots(by: .selfTime).first?.function.name == "work")
        #expect(access(scratch["disc/killed.potter-wal"], F_OK) == 0)
    }

    @Test func aRunningRecordingIsReadableAndUndisturbed() throws {
        let writer = try scratch.writer()
        let reader = try RecordingReader(path: scratch["r.potter"], nameLocations: Scratch.name)
        #expect(reader.summary.totals.samples == 7)
        try writer.addSample(thread: 1, timeNs: 2_000, stack: 1, kind: .user, weightNs: 100, count: 1)
        try writer.commit()
        #expect(try RecordingReader(path: scratch["r.potter"]).summary.totals.samples == 8)
        try writer.finish()
        let finished = try RecordingReader(path: scratch["r.potter"])
        #expect(finished.summary.totals.samples == 8)
        #expect(finished.summary.quality.number(QualityKey.recovered) == 0)
    }

    @Test func withoutItsWALTheLastCheckpointIsLeft() throws {
        try kill(scratch.writer(), to: "alone.potter", companions: [""])
        // Created, checkpointed, nothing more: an error of one line, or an empty report; no crash.
        let result = Result { try RecordingReader(path: scratch["alone.potter"]).summary.totals.samples }
        switch result {
        case .success(let samples): #expect(samples == 0)
        case .failure(let error): #expect(error is RecordingError)
        }
    }

    @Test func temporaryCopiesVanish() throws {
        try kill(scratch.writer(), to: "killed.potter")
        mkdir(scratch["tmp"], 0o700)
        let recovery = Recovery(
            path: scratch["killed.potter"], nameLocations: nil, temporaryParent: scratch["tmp"])
        _ = try recovery.openFinished()
        #expect(rmdir(scratch["tmp"]) == 0)
    }
}
