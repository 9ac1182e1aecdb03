// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterSymbols

/// A diagnosis for programs; Docs/Json.md is its contract.
public struct DiagnosisJSON {
    public static let version = 1

    let diagnosis: Diagnosis

    public init(_ diagnosis: Diagnosis) { self.diagnosis = diagnosis }

    public func text() -> String {
        let program = diagnosis.program.map(Self.program) ?? "null"
        return Self.object([
            ("version", "\(Self.version)"),
            ("verdict", JSONText.string(diagnosis.verdict.rawValue)),
            ("exit_status", "\(diagnosis.exitStatus)"),
            ("potter_version", JSONText.string(potterVersion)),
            ("engine", JSONText.string(diagnosis.engine?.rawValue ?? "none")),
            ("engine_reason", JSONText.string(diagnosis.engineReason)),
            ("checks", Self.array(diagnosis.checks.map(Self.check))),
            ("program", program),
        ]) + "\n"
    }

    private static func check(_ check: DoctorCheck) -> String {
        "\n  "
            + object([
                ("id", JSONText.string(check.id)),
                ("subject", JSONText.string(check.subject)),
                ("status", JSONText.string(check.status.rawValue)),
                ("message", JSONText.string(check.message)),
                ("advice", optional(check.advice)),
                ("command", optional(check.command)),
            ])
    }

    private static func program(_ program: ProgramDiagnosis) -> String {
        object([
            ("path", JSONText.string(program.path)),
            ("kind", JSONText.string(program.kind.rawValue)),
            ("interpreters", JSONText.array(program.interpreters)),
            ("checks", array(program.checks.map(check))),
            ("file", program.facts.map(file) ?? "null"),
        ])
    }

    private static func file(_ facts: ProgramFacts) -> String {
        object([
            ("path", JSONText.string(facts.path)),
            ("build_id", JSONText.string(facts.module.buildIDText ?? "")),
            ("languages", JSONText.array(facts.module.languages)),
            ("sanitizer", optional(facts.module.sanitizer?.name)),
            ("symtab_functions", "\(facts.module.symtabFunctions)"),
            ("dynsym_functions", "\(facts.module.dynsymFunctions)"),
            ("debug_info", "\(facts.module.hasDebugInfo)"),
            ("debug_link", optional(facts.module.debugLink)),
            ("debug_file", optional(facts.module.debugFile?.path)),
            ("unwind", facts.unwind.map(unwind) ?? "null"),
        ])
    }

    private static func unwind(_ unwind: UnwindCoverage) -> String {
        func percent(_ value: Double?) -> String { value.map { Units.decimal($0, places: 3) } ?? "null" }
        return object([
            ("code_bytes", "\(unwind.code)"),
            ("described_percent", percent(unwind.describedPercent)),
            ("synthesized_percent", percent(unwind.synthesizedPercent)),
            ("unsupported_percent", percent(unwind.unsupportedPercent)),
            ("uncovered_percent", percent(unwind.uncoveredPercent)),
            ("described_functions", "\(unwind.functions)"),
            ("frame_pointer_percent", percent(unwind.framePointerPercent)),
        ])
    }

    private static func optional(_ text: String?) -> String { text.map(JSONText.string) ?? "null" }
    private static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }
    private static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\(JSONText.string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }
}
