// SPDX-License-Identifier: Apache-2.0
// The built potter-prof as a process, with its output in files and its recording in a scratch directory.

import CPotterWire
import Foundation
import PotterRecording
import Testing

/// All robustness tests, one at a time: they measure and kill, and two cores are not many.
@Suite(.serialized) enum RobustTests {}

/// Directories and programs of the tests.
enum RobustBench {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let potter = repository + "/.build/debug/potter-prof"
    static let isRoot = geteuid() == 0

    /// A directory that other users can enter, removed when the process ends.
    static let directory: String = {
        var template = Array("/tmp/potter-robust-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { return "/tmp" }
        let path = String(cString: made)
        chmod(path, 0o755)
        setenv("POTTER_ROBUST_DIRECTORY", path, 1)
        atexit { _ = system("rm -rf \"$POTTER_ROBUST_DIRECTORY\"") }
        return path
    }()

    /// Tests/Programs/robust.c, built.
    static let program = build("robust.c", "-pthread")

    static func build(_ source: String, _ flags: String..., compiler: String = "gcc") -> String {
        let output = "\(directory)/\(source.prefix { $0 != "." })-\(compiler)"
        let command = [compiler, "-O2", "-g"] + flags + ["-o", output, "\(repository)/Tests/Programs/\(source)"]
        let built = RecordProcess(plain: command).wait()
        #expect(built.status == 0, "\(built.errors)")
        return output
    }
}

/// A process under test.
final class RecordProcess {
    let scratch: String
    private let process = Process()
    private let started = Date()

    /// What it left behind.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
        /// stderr without our own lines.
        var lines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    /// Where the recording goes unless `-o` says otherwise.
    var recording: String { scratch + "/r.potter" }

    /// `potter-prof record OPTIONS -o SCRATCH/r.potter -- COMMAND`, through `launcher` if there is one.
    convenience init(
        _ options: [String] = ["-q", "-F", "997"], launcher: [String] = [], input: String? = nil,
        environment: [String: String] = [:], output: String? = nil, _ command: [String]
    ) {
        self.init(input: input, environment: environment) { scratch in
            launcher + [RobustBench.potter, "record"] + options + ["-o", output ?? scratch + "/r.potter", "--"] + command
        }
    }

    /// Any command.
    convenience init(plain command: [String], input: String? = nil, environment: [String: String] = [:]) {
        self.init(input: input, environment: environment) { _ in command }
    }

    private init(input: String?, environment: [String: String], _ command: (String) -> [String]) {
        var template = Array((RobustBench.directory + "/t-XXXXXX").utf8CString)
        scratch = mkdtemp(&template).map { String(cString: $0) } ?? RobustBench.directory
        chmod(scratch, 0o777)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command(scratch)
        process.currentDirectoryURL = URL(filePath: scratch)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = file("in", input ?? "").map { $0 } ?? FileHandle.nullDevice
        process.standardOutput = file("out", "")
        process.standardError = file("err", "")
        do { try process.run() } catch { Issue.record("cannot start \(process.arguments ?? []): \(error)") }
    }

    private func file(_ name: String, _ text: String) -> FileHandle? {
        let path = scratch + "/" + name
        FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        return FileHandle(forUpdatingAtPath: path)
    }

    /// potter-prof itself.
    var pid: Int32 { process.processIdentifier }

    /// The command's pid, as soon as potter-prof has started it.
    func target() -> Int32? {
        poll { self.children(of: self.pid).first }
    }

    func children(of pid: Int32) -> [Int32] {
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .ascii)
        return (text ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    /// Asks every millisecond until there is an answer; nil after 20 s, or once the process has ended.
    func poll<Answer>(_ question: () -> Answer?) -> Answer? {
        for _ in 0..<20_000 {
            if let answer = question() { return answer }
            guard process.isRunning else { return question() }
            usleep(1_000)
        }
        return nil
    }

    func wait() -> Result {
        process.waitUntilExit()
        let signalled = process.terminationReason == .uncaughtSignal
        return Result(
            status: process.terminationStatus + (signalled ? 128 : 0), output: text("out"), errors: text("err"))
    }

    var isRunning: Bool { process.isRunning }

    func text(_ name: String) -> String {
        (try? String(contentsOfFile: scratch + "/" + name, encoding: .utf8)) ?? ""
    }

    /// The first column of a query on the recording, by plain sqlite3.
    func query(_ sql: String) -> [String] {
        let result = RecordProcess(plain: ["sqlite3", "-readonly", recording, sql]).wait()
        #expect(result.status == 0, "\(sql): \(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    func number(_ sql: String) -> Int64 { query(sql).first.flatMap { Int64($0) } ?? 0 }
    func quality(_ key: String) -> Int64 { number("SELECT value FROM quality WHERE key='\(key)'") }

    /// `potter-prof report` of the recording.
    func report(_ options: [String] = []) -> Result {
        RecordProcess(plain: [RobustBench.potter, "report", "-i", recording] + options).wait()
    }
}

extension RobustBench {
    /// Runs what follows as another user.
    static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
}

/// SplitMix64: a failing run can be had again by its seed.
struct RobustGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The session memory of a running target, read from outside.
enum RobustMemory {
    /// A counter of `enum pp_counter`; nil if the process has no session.
    static func counter(_ index: UInt32, pid: Int32) -> UInt64? {
        guard let maps = try? String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8),
            let line = maps.split(separator: "\n").first(where: { $0.contains("potter-session") }),
            let start = UInt64(line.prefix { $0 != "-" }, radix: 16),
            let memory = FileHandle(forReadingAtPath: "/proc/\(pid)/mem")
        else { return nil }
        var header = pp_session()
        let size = MemoryLayout<pp_session>.size
        guard pread(memory.fileDescriptor, &header, size, off_t(start)) == size else { return nil }
        return pp_session_counter(&header, index)
    }
}
