// SPDX-License-Identifier: Apache-2.0
// Builds the programs of Tests/Programs/heap and the preload library that stops them, once for each test process.

import Foundation

struct ToolFailure: Error, CustomStringConvertible { var description: String }

enum HeapPrograms {
    enum Optimisation: String, CaseIterable { case debug = "-Onone", release = "-O" }

    static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Programs/heap")
    private static let prefix = "potter-leaks-"
    private static let directory = FileManager.default.temporaryDirectory
        .appending(path: "\(prefix)\(ProcessInfo.processInfo.processIdentifier)")
    private static let lock = NSRecursiveLock()
    nonisolated(unsafe) private static var built: [String: String] = [:]

    static func tracker() throws -> String {
        try build("tracker") { source, output in
            ["gcc", "-O2", "-g", "-shared", "-fPIC", "-ftls-model=initial-exec", "-fno-builtin", "-o", output]
                + [source("tracker.c"), "-ldl"]
        }
    }

    /// A Swift program with the shared file of the planting programs.
    static func swift(_ name: String, _ optimisation: Optimisation) throws -> String {
        try build("\(name)\(optimisation.rawValue)") { source, output in
            let main = directory.appending(path: "main-\(name)-\(optimisation)")
            try FileManager.default.createDirectory(at: main, withIntermediateDirectories: true)
            // Top-level code is in main.swift, when there are several files.
            let copy = main.appending(path: "main.swift").path
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: source("\(name).swift"), toPath: copy)
            return ["swiftc", optimisation.rawValue, "-g", "-swift-version", "5", "-module-name", name, "-o", output]
                + [copy, source("planting.swift")]
        }
    }

    static func c(_ name: String) throws -> String {
        try build(name) { source, output in
            ["gcc", "-O1", "-g", "-pthread", "-o", output, source("\(name).c")]
        }
    }

    private static func build(_ name: String, _ command: ((String) -> String, String) throws -> [String]) throws
        -> String
    {
        lock.lock()
        defer { lock.unlock() }
        if let path = built[name] { return path }
        if built.isEmpty { try prepareDirectory() }
        let output = directory.appending(path: name).path
        try run(command({ sources.appending(path: $0).path }, output))
        built[name] = output
        return output
    }

    private static func prepareDirectory() throws {
        let parent = FileManager.default.temporaryDirectory
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        where name.hasPrefix(prefix) {  // what killed test processes left
            guard let pid = Int32(name.dropFirst(prefix.count)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(at: parent.appending(path: name))
        }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: HeapPrograms.directory) }
    }

    /// A file of this test process, for a program to write.
    static func scratchFile() -> String { directory.appending(path: UUID().uuidString).path }

    @discardableResult
    static func run(_ command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ToolFailure(description: "\(command.joined(separator: " ")): \(text)")
        }
        return text
    }
}
