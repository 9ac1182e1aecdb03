// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterProfile
import PotterRecording

/// A directory of one test, removed with it.
final class Scratch {
    let directory: String

    init() {
        var template = Array("/tmp/potter-test-XXXXXX".utf8CString)
        directory = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit {
        chmod(directory, 0o700)
        run("/bin/rm", "-rf", directory)
    }

    subscript(name: String) -> String {
        directory + "/" + name
    }

    static let run = RunInfo(
        command: ["./server", "--port", "80 80"], workingDirectory: "/src", startNs: 1_000, startWallNs: 5,
        engine: .perf, engineReason: "allowed", rateHz: 99, periodNs: 100, tickNs: 40)

    /// A recording with user time, kernel time and a frame of the recorder, not finished.
    func writer(_ name: String = "r.potter", named: Bool = true) throws -> RecordingWriter {
        let writer = try RecordingWriter(path: self[name], run: Self.run)
        let process = try writer.addProcess(
            pid: 41, parent: nil, executable: "/src/server", command: "./server", startNs: 1_000)
        try writer.updateProcess(process, endNs: 3_000, cpuNs: 1_000, startupCpuNs: 30, note: nil)
        let thread = try writer.addThread(process: process, tid: 42, name: "worker", startNs: 1_100)
        let module = try writer.addModule(path: "/src/server", buildID: [1, 0xab], inode: 9, note: nil)
        let recorder = try writer.addModule(path: "/lib/libPotterPreload.so", buildID: [], inode: 1, note: nil)
        try writer.addMapping(process: process, module: module, start: 4096, end: 8192, bias: 4096, fromNs: 1_000)
        let main = Location(module: module, address: 0x10)
        let work = Location(module: module, address: 0x20)
        let handler = Location(module: recorder, address: 0x30)
        let user = try writer.stack(frames: [handler, work, main], flags: 0, cut: 0)
        let call = try writer.stack(frames: [main], flags: 4, cut: 0)
        for index in 0..<6 {
            try writer.addSample(
                thread: thread, timeNs: 1_200 + UInt64(index), stack: user, kind: .user, weightNs: 100, count: 1)
        }
        try writer.addSample(thread: thread, timeNs: 1_300, stack: call, kind: .syscallTick, weightNs: 0, count: 5)
        try writer.updateThread(
            thread, name: nil, endNs: 2_900, cpuNs: 900, armingNs: 20, unsampledReason: nil)
        if named { try Self.name(writer) }
        try writer.setQuality("lost.ring_full", 3)
        try writer.commit()
        return writer
    }

    static func name(_ writer: RecordingWriter) throws {
        for location in writer.locationsWithoutNames() {
            let name = [0x10: "main", 0x20: "work", 0x30: "handler"][location.address] ?? "other"
            try writer.setFrames(
                location: location.id,
                [NamedFrame(function: name, file: "/src/\(name).c", line: UInt32(location.address), language: "c")])
        }
    }

    func read(_ name: String) -> [UInt8] {
        let descriptor = open(self[name], O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 22)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    @discardableResult
    func run(_ command: String...) -> Int32 {
        run(command)
    }

    @discardableResult
    func run(_ command: [String]) -> Int32 {
        var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, command[0], nil, nil, &argv, environ) == 0 else { return 127 }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return status & 0x7f != 0 ? 128 + status & 0x7f : (status >> 8) & 0xff
    }
}
