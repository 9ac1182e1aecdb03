// SPDX-License-Identifier: Apache-2.0
// Compilers and programs that the tests run.

import Foundation

enum TestTools {
    struct Failure: Error { var command: [String], status: Int32, output: String }

    static let swiftLibraries = "/opt/swift/usr/lib/swift/linux"
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let programs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Programs")

    static func isInstalled(_ tool: String) -> Bool {
        (try? run(["sh", "-c", "command -v \(tool)"]).status) == 0
    }

    /// Runs a command to its end; standard error joins standard output.
    @discardableResult
    static func run(_ command: [String], _ environment: [String: String] = [:]) throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    static func check(_ command: [String], _ environment: [String: String] = [:]) throws -> String {
        let (status, output) = try run(command, environment)
        guard status == 0 else { throw Failure(command: command, status: status, output: output) }
        return output
    }
}
