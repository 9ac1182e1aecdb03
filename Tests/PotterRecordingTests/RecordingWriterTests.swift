// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import PotterRecording
import Testing

@Suite struct RecordingWriterTests {
    @Test func writesAndRenames() throws {
        let path = "/tmp/rw-\(UInt32.random(in: 0...UInt32.max)).potter"
        for _ in 0..<2 {
            let writer = try RecordingWriter(
                path: path,
                run: RunInfo(
                    command: ["a", "b"], startNs: 1, startWallNs: 2, engine: .perf, rateHz: 99, periodNs: 10, tickNs: 4))
            let process = try writer.addProcess(pid: 1, parent: nil, executable: "/bin/a", command: "a b", startNs: 1)
            let thread = try writer.addThread(process: process, tid: 1, name: "a", startNs: 1)
            let module = try writer.addModule(path: "/bin/a", buildID: [1, 0xab], inode: 7, note: nil)
            let stack = try writer.stack(frames: [Location(module: module, address: 3)], flags: 2, cut: 0)
            try writer.addSample(thread: thread, timeNs: 3, stack: stack, kind: .user, weightNs: 10, count: 1)
            try writer.setQuality("lost", 3)
            try writer.commit()
            try writer.finish()
        }
    }
}
