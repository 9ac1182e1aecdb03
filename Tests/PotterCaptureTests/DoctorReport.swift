// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `potter-prof doctor --json`, run, validated against its schema, and read.
struct DoctorReport {
    struct Check: Decodable {
        var id, subject, status, message: String
        var advice, command: String?
    }

    struct Unwind: Decodable {
        var code_bytes: Int
        var described_percent, synthesized_percent, unsupported_percent, uncovered_percent: Double
        var described_functions: Int
        var frame_pointer_percent: Double?
    }

    struct File: Decodable {
        var path, build_id: String
        var languages: [String]
        var sanitizer, debug_file: String?
        var symtab_functions, dynsym_functions: Int
        var debug_info: Bool
        var unwind: Unwind?
    }

    struct Program: Decodable {
        var path, kind: String
        var interpreters: [String]
        var checks: [Check]
        var file: File?
    }

    private struct Document: Decodable {
        var verdict, engine, engine_reason: String
        var exit_status: Int32
        var checks: [Check]
        var program: Program?
    }

    private let document: Document
    let status: Int32
    let text: String
    /// Of the machine and of the program, by id.
    let checks: [String: Check]

    var verdict: String { document.verdict }
    var engine: String { document.engine }
    var program: Program? { document.program }

    static func process(_ words: [String], launcher: [String] = []) -> RecordProcess {
        RecordProcess(plain: launcher + [RobustBench.potter, "doctor"] + words)
    }

    init(_ words: [String], launcher: [String] = []) throws {
        let run = Self.process(["--json"] + words, launcher: launcher)
        try self.init(run.wait(), of: run)
    }

    init(_ result: RecordProcess.Result, of run: RecordProcess) throws {
        (status, text) = (result.status, result.output)
        #expect(result.errors.isEmpty, "\(result.errors)")
        document = try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
        let all = document.checks + (document.program?.checks ?? [])
        checks = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
        #expect(checks.count == all.count && document.exit_status == status, "\(text)")
        #expect(all.allSatisfy { $0.status == "ok" || !$0.message.isEmpty })
        let validator = RobustBench.repository + "/Tests/PotterRecordingTests/Scripts/validate_json.py"
        let schema = RobustBench.repository + "/Docs/doctor.schema.json"
        let valid = RecordProcess(plain: ["python3", validator, schema, run.scratch + "/out"]).wait()
        #expect(valid.status == 0, "\(valid.errors)")
    }

    /// A program of Tests/Programs, built by this command into `directory`.
    static func build(_ source: String, as name: String, in directory: String, _ command: [String]) throws -> String {
        let path = "\(directory)/\(name)"
        let all = command + ["-o", path, "\(RobustBench.repository)/Tests/Programs/\(source)"]
        let built = RecordProcess(plain: all).wait()
        try #require(built.status == 0, "\(built.errors)")
        return path
    }

    /// The whole number that follows some words in a check's message.
    func number(in id: String, after words: String) -> Int? {
        guard let message = checks[id]?.message else { return nil }
        let start = words.isEmpty ? message.startIndex : message.range(of: words)?.upperBound
        return start.flatMap { Int(message[$0...].prefix { $0.isNumber || $0 == "," }.filter { $0 != "," }) }
    }
}
