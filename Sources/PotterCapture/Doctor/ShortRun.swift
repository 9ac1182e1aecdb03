// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// A short run of this command itself, for checks: it is certainly there, and loads what targets load. Its output is
/// dropped, its messages are kept.
struct ShortRun {
    private static let patienceMs = 20_000

    /// As a shell shows it; nil if it had to be killed.
    let status: Int32?
    /// What it, or the loader, wrote to stderr.
    let messages: String

    /// Runs `executable` with these variables added to the environment. `meanwhile` is called every few milliseconds.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], in directory: String,
        meanwhile: () -> Void = {}
    ) {
        let file = directory + "/messages"
        let before = environment.keys.map { key in (key, getenv(key).map { String(cString: $0) }) }
        for (key, value) in environment { setenv(key, value, 1) }
        let words = ([executable] + arguments).map { CommandWord($0) }
        let pid = withCStrings(words) { potter_run_quietly(executable, $0, file) }
        for (key, value) in before {
            if let value { setenv(key, value, 1) } else { unsetenv(key) }
        }
        status = pid > 0 ? Self.wait(pid, meanwhile) : nil
        messages = ProcFiles.read(file) ?? ""
        unlink(file)
    }

    /// The first line of its messages, where there is one.
    var firstMessage: String? { messages.split(separator: "\n").first.map(String.init) }

    private static func wait(_ pid: Int32, _ meanwhile: () -> Void) -> Int32? {
        for _ in 0..<patienceMs / 2 {
            meanwhile()
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            }
            usleep(2_000)
        }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        return nil
    }
}
