// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Findings as a JSON document; Docs/Json.md is its contract.
struct JSONFindings {
    static let version = 1

    let findings: [Finding]
    let summary: RunSummary
    let part: SelectedPart?

    func write(to output: OutputFile) {
        var json = JSONWriter(output)
        json.object { json in
            json.field("version", Self.version)
            json.field("command", (part?.recording ?? summary).run.command)
            json.field("samples", summary.totals.samples)
            json.field("cpu_ns", summary.totals.totalNs)
            json.field("conditions", part?.descriptions ?? [])
            json.field("quality_line", QualityText(summary: part?.recording ?? summary).line())
            json.array("findings") { json in
                for finding in findings { json.object { write(finding, &$0) } }
            }
        }
        json.end()
    }

    private func write(_ finding: Finding, _ json: inout JSONWriter) {
        json.field("kind", finding.kind.rawValue)
        json.field("confidence", finding.confidence.rawValue)
        json.field("title", finding.title)
        json.object("site") { json in
            json.field("function", finding.site.function)
            json.field("module", finding.site.module)
            json.field("file", finding.site.file)
            json.field("line", finding.site.line)
            json.field("stack", finding.site.stack)
        }
        json.object("magnitude") { json in
            json.field("value", finding.magnitude.value, places: 4)
            json.field("low", finding.magnitude.low, places: 4)
            json.field("high", finding.magnitude.high, places: 4)
            json.field("unit", finding.magnitude.unit)
        }
        json.array("evidence") { json in
            for evidence in finding.evidence {
                json.object { json in
                    json.field("name", evidence.name)
                    json.field("subject", evidence.subject)
                    json.field("value", evidence.value, places: evidence.value == evidence.value.rounded() ? 0 : 4)
                    json.field("unit", evidence.unit)
                }
            }
        }
        json.field("fingerprint", finding.fingerprint.description)
    }
}
