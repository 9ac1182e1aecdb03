// SPDX-License-Identifier: Apache-2.0
// Real programs as fixtures: built in a temporary directory with the compilers of the machine, and the tools whose
// answers are the truth: nm, objdump, llvm-symbolizer.

import Foundation

struct ToolFailure: Error, CustomStringConvertible {
    var description: String
}

enum Toolchain {
    /// Directory of the Swift toolchain's programs.
    static let swiftBin = firstExecutable(of: "swiftc", in: ["/opt/swift/usr/bin", "/usr/local/bin", "/usr/bin"])
    static let symbolizer = "\(firstExecutable(of: "llvm-symbolizer", in: [swiftBin, "/usr/bin"]))/llvm-symbolizer"

    private static func firstExecutable(of name: String, in directories: [String]) -> String {
        directories.first { access("\($0)/\(name)", X_OK) == 0 } ?? directories[0]
    }

    /// Runs a command found in PATH; throws with its error output if it fails.
    @discardableResult
    static func run(_ arguments: [String], input: String = "", in directory: String = "/tmp") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let id = UUID().uuidString
        let files = ["in", "out", "err"].map { URL(fileURLWithPath: "/tmp/potter-symbols-\(id).\($0)") }
        defer { files.forEach { try? FileManager.default.removeItem(at: $0) } }
        try Data(input.utf8).write(to: files[0])
        try Data().write(to: files[1])
        try Data().write(to: files[2])
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let message = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
            throw ToolFailure(description: "\(arguments.joined(separator: " ")): \(message)")
        }
        return String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
    }

    static func has(_ tool: String) -> Bool {
        (try? run(["which", tool])) != nil
    }
}

/// A directory that goes away with the test.
final class Workshop {
    let path: String

    init() throws {
        path = "/tmp/potter-symbols-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    /// Compiles one source file and returns the path of the program.
    func build(_ source: String, as name: String, _ command: [String], output: String = "program") throws -> String {
        let input = try write(source, to: name)
        try Toolchain.run(command + [input, "-o", "\(path)/\(output)"], in: path)
        return "\(path)/\(output)"
    }
}

/// What `nm` says of a function.
struct NamedSymbol {
    var address: UInt64
    var size: UInt64
    var type: Character
    var name: String

    /// Symbols in code; those without a size have `size` 0.
    static func functions(in path: String, dynamic: Bool = false) throws -> [NamedSymbol] {
        let text = try Toolchain.run(["nm", "--defined-only", "-f", "posix"] + (dynamic ? ["-D", path] : [path]))
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 3, "tTwWi".contains(fields[1]), let address = UInt64(fields[2], radix: 16) else {
                return nil
            }
            let size = fields.count > 3 ? UInt64(fields[3], radix: 16) ?? 0 : 0
            let name = fields[0].split(separator: "@")[0]
            return NamedSymbol(address: address, size: size, type: Character(String(fields[1])), name: String(name))
        }
    }
}

/// Address and size of a section, from readelf.
func sectionRange(_ name: String, of path: String) throws -> Range<UInt64> {
    for line in try Toolchain.run(["readelf", "-WS", path]).split(separator: "\n") {
        let fields = line.replacing("[ ", with: "[").split(separator: " ")
        guard fields.count > 5, fields[1] == name, let address = UInt64(fields[3], radix: 16),
            let size = UInt64(fields[5], radix: 16)
        else { continue }
        return address..<address + size
    }
    throw ToolFailure(description: "no \(name) in \(path)")
}
