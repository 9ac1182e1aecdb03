// SPDX-License-Identifier: Apache-2.0
// The harness of the unwinder for arm64: the recorder's own sources, cross-compiled, run by qemu's emulator.

import CPotterWire
import Foundation

@testable import PotterSymbols

struct ArmHarness {
    private static let shared = Result { try ArmHarness() }
    private let library: URL

    static func get() throws -> ArmHarness { try shared.get() }

    var linkFlags: [String] { ["-L\(ArmTools.directory.path)", "-larmharness"] }

    private init() throws {
        let recorder = TestTools.repository.appending(path: "CShims/CPotterRecorder")
        let sources = ["unwind.c", "unwind_fallback.c", "unwind_stacks_linux.c"].map {
            recorder.appending(path: $0).path
        }
        let harness = ["harness.c", "sampler.c", "arm_signals.c"].map { TestTools.programs.appending(path: $0).path }
        let flags = ["-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-stack-protector"]
        library = try ArmTools.compile(
            sources + harness, flags + ["-ftls-model=initial-exec"], to: "libarmharness.so")
    }

    /// Runs `program` under the emulator and samples it; what the harness said of it.
    /// - Parameter emulator: flags of qemu-aarch64; `-singlestep` lets signals come at each instruction, where otherwise
    ///   they come between blocks.
    func sample(_ program: URL, _ arguments: [String], emulator: [String], tables: Tables = .all) throws -> String {
        let environment = ["LD_LIBRARY_PATH=\(ArmTools.directory.path)", "LD_PRELOAD=\(library.path)"]
        let command =
            ArmTools.emulator(emulator) + environment.flatMap { ["-E", $0] } + [program.path]
        let modules = try TestTools.check(command, ["HARNESS": "modules"])
        try writeTables(modules.split(separator: "\n").map(String.init), tables, to: program.path + ".tables")
        try writeSymbols(program)
        let result = program.path + ".result"
        let settings = [
            "HARNESS": "sample", "HARNESS_TABLES": program.path + ".tables", "HARNESS_RESULT": result,
            "HARNESS_SYMBOLS": program.path + ".symbols", "HARNESS_PERIOD_NS": "500000",
        ]
        let output = try TestTools.check(command + arguments, settings)
        return try String(contentsOfFile: result, encoding: .utf8) + output
    }

    /// What tables the unwinder gets.
    enum Tables {
        case all
        /// Of the modules below the test's directory no rows but the code's bounds: frame records must do.
        case withoutRowsOfTheProgram
    }

    private func writeTables(_ modules: [String], _ tables: Tables, to path: String) throws {
        var index = ""
        var blobs = Data(count: 4096)
        for module in modules where module.hasPrefix("/") {
            // The emulator finds libraries below -L; programs see them at their place on an arm64 system.
            let isOurs = module.hasPrefix(ArmTools.directory.path)
            let file = isOurs ? module : ArmTools.libraries + "/" + (module as NSString).lastPathComponent
            guard var table = try UnwindTableBuilder.table(path: file, for: .aarch64) else { continue }
            if tables == .withoutRowsOfTheProgram, isOurs { Self.forgetRules(&table) }
            index += "\(blobs.count) \(module)\n"
            blobs += table
            blobs += Data(count: -blobs.count & 15)
        }
        try blobs.write(to: URL(filePath: path))
        try Data(index.utf8).write(to: URL(filePath: path + ".index"))
    }

    /// Makes every rule PP_UNWIND_NONE, but that the outermost function is known.
    private static func forgetRules(_ table: inout [UInt8]) {
        guard let view = UnwindTableView(table) else { return }
        for row in 0..<Int(view.header.row_count)
        where UInt32(truncatingIfNeeded: view.rows[row]) != PP_UNWIND_END.rawValue {
            let at = Int(view.header.rows) + row * 8
            table.replaceSubrange(at..<at + 4, with: [0, 0, 0, 0])
        }
    }

    /// Address ranges of the functions whose names hold plant_n.
    private func writeSymbols(_ program: URL) throws {
        var lines = ""
        for line in try TestTools.check(["readelf", "-sW", program.path]).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 8, words[3] == "FUNC", let start = UInt64(words[1], radix: 16),
                let size = UInt64(words[2]), let number = words[7].firstMatch(of: /plant_(\d+)/)?.1
            else { continue }
            lines += String(start, radix: 16) + " " + String(start + size, radix: 16) + " \(number)\n"
        }
        try Data(lines.utf8).write(to: URL(filePath: program.path + ".symbols"))
    }
}
