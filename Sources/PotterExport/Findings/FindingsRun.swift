// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterProfile
import PotterRecording

/// Reads a recording and writes its findings: text to standard output, or JSON.
public struct FindingsRun {
    private let input: String
    private let selection: Selection
    private let json: ReportOptions.Target?
    private let nameLocations: ((RecordingWriter) throws -> Void)?

    /// `json`: where a document goes in place of the text. `nameLocations` as for `ReportRun`.
    public init(
        input: String, selection: Selection, json: ReportOptions.Target?,
        nameLocations: ((RecordingWriter) throws -> Void)? = nil
    ) {
        self.input = input
        self.selection = selection
        self.json = json
        self.nameLocations = nameLocations
    }

    /// Does it, tells on standard error what went wrong, and returns the exit status: 0 also with findings.
    public func exitStatus() -> Int32 {
        do {
            try run()
            return 0
        } catch {
            let output = OutputFile(standard: STDERR_FILENO)
            output.write("potter-prof: \(PlainText.escaped("\(error)"))\n")
            try? output.close()
            return 1
        }
    }

    private func run() throws {
        let reader = try RecordingReader(path: input, nameLocations: nameLocations)
        let profile = try reader.profile(of: selection)
        let findings = HotspotFindings(profile).findings
        let output: OutputFile
        if case .file(let path)? = json { output = try OutputFile(path: path) } else { output = OutputFile() }
        if json != nil {
            JSONFindings(findings: findings, summary: profile.summary, part: profile.part).write(to: output)
        } else {
            let selected = SelectionText(profile.summary, profile.part)?.lines() ?? []
            for line in selected + FindingsText(findings: findings, summary: profile.summary).lines() {
                output.write(line + "\n")
            }
        }
        try output.close()
    }
}
