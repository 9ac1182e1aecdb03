// SPDX-License-Identifier: Apache-2.0

/// A diagnosis for people: one line for each check, more where it is long.
public struct DiagnosisText {
    private static let width = 100
    private static let indent = 2 + 9 + 22

    let diagnosis: Diagnosis

    public init(_ diagnosis: Diagnosis) { self.diagnosis = diagnosis }

    public func lines() -> [String] {
        var lines = Self.wrapped(verdict, indent: 2, first: "") + ["", "this machine"]
        lines += diagnosis.checks.flatMap(Self.lines)
        if let program = diagnosis.program {
            lines += ["", "program \(program.path)"] + program.checks.flatMap(Self.lines)
        }
        return lines
    }

    private var verdict: String {
        let what = diagnosis.program == nil ? "recording works here" : "recording it works here"
        let engine = "engine \(diagnosis.engine?.rawValue ?? "none") (\(diagnosis.engineReason))"
        switch diagnosis.verdict {
        case .ok: return "\(what): \(engine)"
        case .limited: return "\(what), with limits: \(engine)"
        case .unusable: return what.replacing("works", with: "does not work") + ": \(diagnosis.engineReason)"
        }
    }

    private static func lines(_ check: DoctorCheck) -> [String] {
        let head = "  " + padded(check.status.rawValue, 9) + padded(check.subject, 22)
        var lines = wrapped(check.message, indent: indent, first: head)
        let margin = String(repeating: " ", count: indent)
        if let advice = check.advice { lines += wrapped(advice, indent: indent + 4, first: margin + "do: ") }
        if let command = check.command { lines.append(margin + "$ " + command) }
        return lines.map { $0.map(\.isPrintable).contains(false) ? String($0.map { $0.isPrintable ? $0 : "?" }) : $0 }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// Breaks between words. `first` begins the first line, blanks the others.
    private static func wrapped(_ text: String, indent: Int, first: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(whereSeparator: \.isWhitespace) {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}

extension Character {
    /// File names may hold what a terminal would obey.
    fileprivate var isPrintable: Bool {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value) }
    }
}
