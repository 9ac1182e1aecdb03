// SPDX-License-Identifier: Apache-2.0
// Builds the harness (Programs/harness.h) from the sources that ship, and runs programs under it.

import Foundation
import PotterSymbols

struct Harness {
    /// What a run said: `name value` pairs of a line of its result.
    typealias Counts = [String: Int]

    let directory: URL

    private static let prefix = "potter-unwind-"
    private static let directory = FileManager.default.temporaryDirectory
        .appending(path: "\(prefix)\(ProcessInfo.processInfo.processIdentifier)")
    private static let shared = Result { try Harness() }

    static func get() throws -> Harness { try shared.get() }

    var library: String { directory.appending(path: "libharness.so").path }
    var linkFlags: [String] { ["-L\(directory.path)", "-lharness"] }

    private init() throws {
        directory = Self.directory
        Self.removeStale()
        atexit { try? FileManager.default.removeItem(at: Harness.directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let recorder = TestTools.repository.appending(path: "CShims/CPotterRecorder")
        let sources = ["unwind.c", "unwind_fallback.c", "unwind_stacks_linux.c"].map {
            recorder.appending(path: $0).path
        }
        let harness = ["harness.c", "stepper.c", "sampler.c"].map { TestTools.programs.appending(path: $0).path }
        _ = try TestTools.check(
            ["cc", "-std=gnu11", "-O2", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-stack-protector"]
                + ["-ftls-model=initial-exec", "-o", library] + Self.includes + harness + sources + [
                    "-ldl", "-pthread",
                ])
    }

    /// What test processes left that were killed: 10 MB each.
    private static func removeStale() {
        let parent = FileManager.default.temporaryDirectory
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        where name.hasPrefix(prefix) {
            guard let pid = Int32(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(at: parent.appending(path: name))
        }
    }

    /// For gcc, which does not know nullability.
    static var includes: [String] {
        let shims = TestTools.repository.appending(path: "CShims").path
        return ["-D_Nonnull=", "-D_Nullable=", "-I\(shims)/CPotterRecorder", "-I\(shims)/CPotterRecorder/include"]
            + ["-I\(shims)/CPotterWire/include", "-I\(TestTools.programs.path)"]
    }

    /// Runs `program` in a mode of the harness, with the tables of all modules that it loads.
    func run(_ program: URL, _ arguments: [String], mode: String, _ settings: [String: String] = [:]) throws -> String {
        let preload = try prepare(program)
        let environment = environment(program, mode).merging(settings) { $1 }
        let output = try TestTools.check(["timeout", "300"] + preload + arguments, environment)
        return try String(contentsOfFile: program.path + ".result", encoding: .utf8) + output
    }

    /// Has gdb compare its stacks of the program with ours (Programs/compare.py).
    func compare(_ program: URL, _ arguments: [String], stops: Int) throws -> String {
        _ = try prepare(program)
        let script = TestTools.programs.appending(path: "compare.py").path
        let settings = [
            "COMPARE_PROGRAM": program.path, "COMPARE_ARGUMENTS": arguments.joined(separator: " "),
            "COMPARE_STOPS": "\(stops)", "COMPARE_LIBRARY": library, "LD_LIBRARY_PATH": directory.path,
        ]
        let environment = environment(program, "gdb").merging(settings) { $1 }
        let output = try TestTools.check(["timeout", "600", "gdb", "-nx", "-batch", "-x", script], environment)
        return try String(contentsOfFile: program.path + ".result", encoding: .utf8) + output
    }

    private func environment(_ program: URL, _ mode: String) -> [String: String] {
        [
            "HARNESS": mode, "HARNESS_TABLES": program.path + ".tables", "HARNESS_SYMBOLS": program.path + ".symbols",
            "HARNESS_RESULT": program.path + ".result",
        ]
    }

    /// Makes the tables of all modules that the program loads; what starts it under the harness.
    private func prepare(_ program: URL) throws -> [String] {
        // Through env, so that the commands which start the program are left alone.
        let preload = ["env", "LD_LIBRARY_PATH=\(directory.path)", "LD_PRELOAD=\(library)", program.path]
        let modules = try TestTools.check(preload, ["HARNESS": "modules"])
        try writeTables(modules.split(separator: "\n").map(String.init), to: program.path + ".tables")
        try writeSymbols(program)
        return preload
    }

    private func writeTables(_ modules: [String], to path: String) throws {
        var index = ""
        var blobs = Data(count: 4096)
        for module in modules {
            guard module != "[vdso]", let table = try UnwindTableBuilder.table(path: module) else { continue }
            index += "\(blobs.count) \(module)\n"
            blobs += table
            blobs += Data(count: -blobs.count & 7)
        }
        try blobs.write(to: URL(filePath: path))
        try Data(index.utf8).write(to: URL(filePath: path + ".index"))
    }

    /// Address ranges of the functions whose names hold plant_n.
    private func writeSymbols(_ program: URL) throws {
        let names = try TestTools.check(["nm", "-S", "--defined-only", program.path])
        var lines = ""
        for line in names.split(separator: "\n") where line.contains("plant_") {
            let words = line.split(separator: " ")
            guard words.count == 4, let start = UInt64(words[0], radix: 16), let size = UInt64(words[1], radix: 16),
                let number = words[3].firstMatch(of: /plant_(\d+)/)?.1
            else { continue }
            lines += String(start, radix: 16) + " " + String(start + size, radix: 16) + " \(number)\n"
        }
        try Data(lines.utf8).write(to: URL(filePath: program.path + ".symbols"))
    }

    /// Counts of the lines that start with `word`, added up.
    static func counts(_ result: String, _ word: String, where isWanted: (Substring) -> Bool = { _ in true }) -> Counts
    {
        var sum: Counts = [:]
        for line in result.split(separator: "\n") where line.hasPrefix(word + " ") && isWanted(line) {
            let words = line.split(separator: " ")
            for (name, value) in zip(words, words.dropFirst()) {
                if let number = Int(value), Int(name) == nil { sum[String(name), default: 0] += number }
            }
        }
        return sum
    }
}
