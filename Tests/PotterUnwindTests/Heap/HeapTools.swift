// SPDX-License-Identifier: Apache-2.0
// Compiles programs and libraries of Tests/Programs/heap, makes the unwind tables of all that they load, and runs them
// under libPotterHeap.so as it was built, with the small collector.

import Foundation
import Synchronization
import Testing

@testable import PotterSymbols

enum HeapTools {
    static let sources = TestTools.repository.appending(path: "Tests/Programs/heap")
    static let directory = FileManager.default.temporaryDirectory
        .appending(path: "potter-heap-\(ProcessInfo.processInfo.processIdentifier)")
    private static let prepared = Mutex<[String: String]>([:])
    private static let tables = Mutex<[String: Data]>([:])

    /// libPotterHeap.so lies beside the test bundle.
    static let library: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let folder = bundle.map { URL(filePath: $0).deletingLastPathComponent().path }
        return (folder ?? TestTools.repository.appending(path: ".build/debug").path) + "/libPotterHeap.so"
    }()

    /// Makes something once; returns its path.
    static func once(_ name: String, _ make: (String) throws -> Void) throws -> String {
        try prepared.withLock { prepared in
            if let path = prepared[name] { return path }
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            atexit { try? FileManager.default.removeItem(at: HeapTools.directory) }
            let path = directory.appending(path: name).path
            try make(path)
            prepared[name] = path
            return path
        }
    }

    private static func name(of words: [String]) -> String {
        String(UInt(bitPattern: words.joined(separator: " ").hashValue), radix: 36)
    }

    static func collector() throws -> String {
        try once("collector") { path in
            let names = ["collector.c", "collector_print.c", "collector_frozen.c"]
            _ = try TestTools.check(
                ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", path]
                    + Harness.includes
                    + names.map { sources.appending(path: $0).path })
        }
    }

    /// A library of the programs' own.
    static func library(_ source: String) throws -> String {
        try once(source.replacing(".c", with: ".so")) { path in
            let flags = ["-shared", "-fPIC", "-O1", "-g", "-fno-builtin", "-D_GNU_SOURCE", "-pthread"]
            _ = try TestTools.check(["gcc"] + flags + ["-o", path, sources.appending(path: source).path])
        }
    }

    /// A program; `flags` take part in its name.
    static func program(_ source: String, _ flags: [String] = [], from folder: URL = sources) throws -> String {
        let suffix = flags.isEmpty ? "" : "-\(name(of: flags))"
        return try once(source.replacing(".", with: "-") + suffix) { path in
            let file = folder.appending(path: source).path
            let isSwift = source.hasSuffix(".swift")
            let compiler = isSwift ? "swiftc" : source.hasSuffix(".cc") ? "g++" : "gcc"
            let usual = isSwift ? ["-parse-as-library"] : ["-fno-optimize-sibling-calls", "-D_GNU_SOURCE", "-pthread"]
            let level = flags.contains { $0.hasPrefix("-O") } ? [] : [isSwift ? "-O" : "-O1"]
            _ = try TestTools.check([compiler, "-g"] + usual + level + ["-o", path, file] + flags)
        }
    }

    /// Runs a program. `mode`: exact, or the mean distance of samples in bytes. `also`: libraries that it loads later.
    static func run(
        _ program: String, _ arguments: [String] = [], mode: String = "exact", flags: Int = 0, next: String? = nil,
        also: [String] = [], environment: [String: String] = [:]
    ) throws -> HeapRun {
        let extra = also + (next.map { [$0] } ?? [])
        let files = try prepare(program, extra)
        let said = directory.appending(path: "said-\(UUID().uuidString)").path
        var command = ["timeout", "300", try collector(), library, mode, "tables", files.tables]
        command += ["symbols", files.symbols, "flags", "\(flags)"] + (next.map { ["preload", $0] } ?? [])
        let words = command + ["--", program] + arguments
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let (status, output) = try TestTools.run(["sh", "-c", "exec \(quoted) 2>'\(said)'"], environment)
        let text = try String(contentsOfFile: said, encoding: .utf8)
        try? FileManager.default.removeItem(atPath: said)
        guard status == 0 else { throw TestTools.Failure(command: words, status: status, output: output + text) }
        return HeapRun(text, output: output)
    }

    private static func prepare(_ program: String, _ extra: [String]) throws -> (tables: String, symbols: String) {
        let name = URL(filePath: program).lastPathComponent + (extra.isEmpty ? "" : "-\(name(of: extra))")
        let tables = try once(name + ".tables") { try writeTables(of: [program, library] + extra, to: $0) }
        let symbols = try once(name + ".symbols") { path in
            let names = try TestTools.check(["nm", "-S", "--defined-only", program])
            let lines = names.split(separator: "\n").compactMap { line -> String? in
                let words = line.split(separator: " ")
                guard words.count == 4, let start = UInt64(words[0], radix: 16), let size = UInt64(words[1], radix: 16)
                else { return nil }
                return "\(String(start, radix: 16)) \(String(start + size, radix: 16)) \(words[3])\n"
            }
            try Data(lines.joined().utf8).write(to: URL(filePath: path))
        }
        return (tables, symbols)
    }

    private static func writeTables(of files: [String], to path: String) throws {
        var index = ""
        var blobs = Data(count: 4096)
        for module in try modules(of: files) {
            guard let table = try table(of: module) else { continue }
            index += "\(blobs.count) \(module)\n"
            blobs += table
            blobs += Data(count: -blobs.count & 7)
        }
        try blobs.write(to: URL(filePath: path))
        try Data(index.utf8).write(to: URL(filePath: path + ".index"))
    }

    private static func table(of module: String) throws -> Data? {
        if let known = tables.withLock({ $0[module] }) { return known }
        let made = try UnwindTableBuilder.table(path: module).map { Data($0) }
        if let made { tables.withLock { $0[module] = made } }
        return made
    }

    /// The files and all libraries that they need, as the loader names them.
    private static func modules(of files: [String]) throws -> [String] {
        var found = files
        for file in files {
            for line in try TestTools.run(["ldd", file]).output.split(whereSeparator: { "\n\t".contains($0) }) {
                guard let path = line.split(separator: " ").first(where: { $0.hasPrefix("/") }) else { continue }
                if !found.contains(String(path)) { found.append(String(path)) }
            }
        }
        return found
    }
}
