// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Real programs: compiled, recorded by the built `potter-prof`, and reported by it.
struct RecordedProgram {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let potter = repository + "/.build/debug/potter-prof"

    let directory: String
    let recording: String
    /// What the program printed.
    let output: String

    /// Records a command in `directory`, whose file it becomes.
    init(_ command: [String], in directory: String, rate: Int = 997) throws {
        self.directory = directory
        recording = directory + "/recorded.potter"
        output = try Self.run(
            [Self.potter, "record", "-q", "-F", "\(rate)", "-o", recording, "--"] + command, in: directory)
    }

    /// Compiles a file of Tests/Programs, or a source that lies elsewhere, to `name` in `directory`.
    static func compile(_ source: String, as name: String, in directory: String, _ options: [String] = ["-O2", "-g"])
        throws -> String
    {
        let path = source.hasPrefix("/") ? source : "\(repository)/Tests/Programs/\(source)"
        let output = "\(directory)/\(name)"
        let compiler = source.hasSuffix(".swift") ? ["swiftc", "-parse-as-library"] : ["gcc", "-pthread"]
        try run(compiler + options + [path, "-o", output], in: directory)
        return output
    }

    /// A figure that the program printed: a line `name value`.
    func truth(_ name: String) throws -> Double {
        for line in output.split(separator: "\n") where line.hasPrefix(name + " ") {
            if let value = Double(line.dropFirst(name.count + 1)) { return value }
        }
        throw Failure(description: "the program did not say `\(name)`: \(output)")
    }

    /// What a verb of potter-prof prints of the recording.
    func text(_ verb: String, _ arguments: String...) throws -> String {
        try Self.run([Self.potter, verb, "-i", recording] + arguments, in: directory)
    }

    func json(_ verb: String, _ arguments: String...) throws -> [String: Any] {
        let text = try Self.run([Self.potter, verb, "-i", recording, "--json=-"] + arguments, in: directory)
        guard let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw Failure(description: "no JSON object: \(text.prefix(200))")
        }
        return document
    }

    @discardableResult
    static func run(_ command: [String], in directory: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Failure(description: "\(command): status \(process.terminationStatus): \(text.prefix(2_000))")
        }
        return text
    }
}

extension [String: Any] {
    func objects(_ key: String) -> [[String: Any]] { self[key] as? [[String: Any]] ?? [] }
    func object(_ key: String) -> [String: Any] { self[key] as? [String: Any] ?? [:] }
    func string(_ key: String) -> String { self[key] as? String ?? "" }
    func number(_ key: String) -> Double { (self[key] as? NSNumber)?.doubleValue ?? .nan }
}
