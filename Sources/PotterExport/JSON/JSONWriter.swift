// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// Writes a JSON document as it goes, indented; commas and brackets are its business, order and names the caller's.
struct JSONWriter {
    private let output: OutputFile
    private var depth = 0
    private var isFirst = true

    init(_ output: OutputFile) {
        self.output = output
    }

    mutating func object(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) {
        nested(key, "{", "}", body)
    }

    mutating func array(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) {
        nested(key, "[", "]", body)
    }

    mutating func field(_ key: String, _ value: String) {
        begin(key)
        output.write(JSONText.string(value))
    }

    /// null if nil.
    mutating func field(_ key: String, _ value: (some BinaryInteger)?) {
        begin(key)
        output.write(value.map { String($0) } ?? "null")
    }

    mutating func field(_ key: String, _ value: String?) {
        begin(key)
        output.write(value.map(JSONText.string) ?? "null")
    }

    mutating func field(_ key: String, _ value: Double, places: Int) {
        begin(key)
        output.write(Units.decimal(value, places: places))
    }

    mutating func field(_ key: String, _ value: Bool) {
        begin(key)
        output.write(value ? "true" : "false")
    }

    mutating func field(_ key: String, _ values: [String]) {
        begin(key)
        output.write(JSONText.array(values))
    }

    mutating func end() {
        output.write("\n")
    }

    private mutating func nested(_ key: String?, _ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
        begin(key)
        output.write(open)
        depth += 1
        isFirst = true
        body(&self)
        depth -= 1
        if !isFirst { newLine() }
        output.write(close)
        isFirst = false
    }

    private mutating func begin(_ key: String?) {
        if !isFirst { output.write(",") }
        if depth > 0 { newLine() }
        isFirst = false
        if let key { output.write(JSONText.string(key) + ": ") }
    }

    private func newLine() {
        output.write("\n" + String(repeating: " ", count: depth))
    }
}
