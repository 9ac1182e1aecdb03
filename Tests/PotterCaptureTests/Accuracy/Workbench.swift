// SPDX-License-Identifier: Apache-2.0
// Where programs are compiled and recorded: a directory in /tmp that every user may enter, with a copy of the built
// potter-prof, so that recordings as another user work wherever the checkout lies.
import Foundation
import Synchronization

enum Workbench {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    static let programs = repository + "/Tests/Programs"
    /// `setpriv` and what makes it run a command as nobody.
    static let asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    static let isRoot = getuid() == 0
    /// The long version of the tests, for Scripts/soak-accuracy: more samples, every program as every user.
    static let isLong = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"

    /// The directory of this run; it goes away with the process.
    static let directory: String = {
        var template = Array("/tmp/potter-accuracy-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template).map({ String(cString: $0) }) else { fatalError("no directory in /tmp") }
        chmod(path, 0o777)
        atexit { try? FileManager.default.removeItem(atPath: Workbench.directory) }
        return path
    }()

    /// The potter-prof under test.
    static let potter: String = {
        let built = ProcessInfo.processInfo.environment["POTTER_BUILD"] ?? buildFolder
        for name in ["potter-prof", "libPotterPreload.so"] {
            do {
                try FileManager.default.copyItem(atPath: "\(built)/\(name)", toPath: "\(directory)/\(name)")
            } catch {
                fatalError("\(built)/\(name): \(error); build all of the package first")
            }
        }
        return directory + "/potter-prof"
    }()

    /// Test bundles lie beside the programs.
    private static var buildFolder: String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        return bundle.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) } ?? repository + "/.build/debug"
    }

    private static let built = Mutex<[String: String]>([:])

    /// Compiles Tests/Programs/`source` once, optimized; returns the path of the program.
    static func compile(_ source: String, _ options: [String] = [], as name: String? = nil) throws -> String {
        let output = "\(directory)/\(name ?? source.replacing(".", with: "-"))"
        return try built.withLock { built in
            if let path = built[output] { return path }
            try run(compiler(of: source) + ["\(programs)/\(source)", "-o", output] + options)
            built[output] = output
            return output
        }
    }

    private static func compiler(of source: String) -> [String] {
        switch source.split(separator: ".").last {
        case "cc": ["g++", "-O2", "-g"]
        case "rs": ["rustc", "-O"]
        case "swift": [toolchain("swiftc"), "-O", "-parse-as-library"]
        default: ["gcc", "-O2", "-g", "-pthread"]
        }
    }

    /// The share of the machine's CPU time that somebody else uses now.
    static func shareOfOthers() -> Double {
        func clocks() -> (busy: Double, all: Double) {
            let line = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?.prefix { $0 != "\n" } ?? ""
            let fields = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
            let all = fields.reduce(0, +)
            return fields.count > 4 ? (all - fields[3] - fields[4], all) : (0, 0)  // idle, iowait
        }
        let before = clocks()
        Thread.sleep(forTimeInterval: 0.5)
        let after = clocks()
        return (after.busy - before.busy) / max(after.all - before.all, 1)
    }

    static func toolchain(_ program: String) -> String {
        let path = "/opt/swift/usr/bin/" + program
        return access(path, X_OK) == 0 ? path : program
    }

    /// Runs a command to its end and returns what it wrote to stdout; throws with its stderr if it fails.
    @discardableResult
    static func run(_ command: [String], in workingDirectory: String = "/tmp", input: String = "/dev/null") throws
        -> String
    {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(filePath: workingDirectory)
        process.standardInput = FileHandle(forReadingAtPath: input)
        let errors = "\(directory)/stderr-\(UUID().uuidString)"
        FileManager.default.createFile(atPath: errors, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: errors) }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let message = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
            throw Failure(description: "\(command): status \(process.terminationStatus): \(message)\(text)")
        }
        return text
    }
}
