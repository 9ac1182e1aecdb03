// SPDX-License-Identifier: Apache-2.0

/// JSON text, written without a tree of objects: documents with 100,000 rows are written as they are read.
public enum JSONText {
    /// A string with its quotes.
    public static func string(_ value: String) -> String {
        let needsEscapes = value.utf8.contains { $0 < 0x20 || $0 == 0x7f || $0 == 0x22 || $0 == 0x5c }
        guard needsEscapes else { return "\"" + value + "\"" }
        var result = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// An array of strings.
    public static func array(_ values: [String]) -> String {
        "[" + values.map(string).joined(separator: ",") + "]"
    }

    /// The strings of an array that `array` wrote; nil if the text is something else.
    public static func strings(in text: String) -> [String]? {
        var scanner = JSONScanner(text)
        return scanner.stringArray()
    }
}
