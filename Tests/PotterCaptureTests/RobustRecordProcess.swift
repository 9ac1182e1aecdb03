// SPDX-License-Identifier: Apache-2.0
// The built potter-prof as a process, with its output in files and its recording in a scratch directory.

import CPotterWire
import Foundation
import PotterRecording
import Testing

/// All robustness tests: one at a time, and not beside those that measure; two cores are not many.
extension AccuracyTests {
    @Suite(.serialized) enum RobustTests {}
}
typealias RobustTests = AccuracyTests.RobustTests

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

    /// Runs a command that cannot use perf.
    static let withoutPerf = build("no-perf.c")

    static func build(_ source: String, _ flags: String..., compiler: String = "gcc") -> String {
        let name = source.split(separator: "/").last ?? ""
        let output = "\(directory)/\(name.prefix { $0 != "." })-\(compiler)\(flags.joined())"
        let command = [compiler, "-O2", "-g"] + flags + ["-o", output, "\(repository)/Tests/Programs/\(source)"]
        let built = RecordProcess(plain: command).wait()
        #expect(built.status == 0, "\(built.errors)")
        return output
    }
}

/// A process under test. Spawned here and not by Foundation, whose children inherit the blocked signals of whatever
/// worker thread a test runs on.
final class RecordProcess {
    let scratch: String
    /// potter-prof itself, or what launches it.
    private(set) var pid: Int32 = 0
    private var status: Int32?

    /// What it left behind.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
        var lines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    /// Where the recording goes unless `output` says otherwise.
    var recording: String { scratch + "/r.potter" }

    /// `potter-prof record OPTIONS -o SCRATCH/r.potter -- COMMAND`, through `launcher` if there is one.
    convenience init(
        _ command: [String], options: [String] = ["-q", "-F", "997"], launcher: [String] = [], input: String = "",
        environment: [String] = [], output: String? = nil
    ) {
        self.init(input: input, environment: environment) { scratch in
            launcher + [RobustBench.potter, "record"] + options + ["-o", output ?? scratch + "/r.potter", "--"]
                + command
        }
    }

    /// Any command.
    convenience init(plain command: [String], input: String = "", environment: [String] = []) {
        self.init(input: input, environment: environment) { _ in command }
    }

    private init(input: String, environment: [String], _ command: (String) -> [String]) {
        var template = Array((RobustBench.directory + "/t-XXXXXX").utf8CString)
        scratch = mkdtemp(&template).map { String(cString: $0) } ?? RobustBench.directory
        chmod(scratch, 0o777)
        _ = FileManager.default.createFile(atPath: scratch + "/in", contents: Data(input.utf8))
        // `env` finds the command, sets variables, and becomes it.
        start(["env", "-C", scratch] + environment + command(scratch))
    }

    private func start(_ command: [String]) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, scratch + "/in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, scratch + "/out", O_RDWR | O_CREAT | O_APPEND, 0o666)
        posix_spawn_file_actions_addopen(&actions, 2, scratch + "/err", O_RDWR | O_CREAT | O_APPEND, 0o666)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        let error = posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, &arguments, environ)
        if error != 0 { Issue.record("cannot start \(command): \(String(cString: strerror(error)))") }
    }

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
            guard isRunning else { return question() }
            usleep(1_000)
        }
        return nil
    }

    @discardableResult func wait(seconds: Int = 60) -> Result {
        for _ in 0..<seconds * 500 where isRunning { usleep(2_000) }
        if isRunning {
            Issue.record("it hangs")
            kill(pid, SIGKILL)
            usleep(100_000)
        }
        return Result(status: status ?? -1, output: text("out"), errors: text("err"))
    }

    var isRunning: Bool {
        var value: Int32 = 0
        guard status == nil, pid > 0, waitpid(pid, &value, WNOHANG) == pid else { return status == nil && pid > 0 }
        status = value & 0x7f == 0 ? (value >> 8) & 0xff : 128 + (value & 0x7f)
        return false
    }

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
