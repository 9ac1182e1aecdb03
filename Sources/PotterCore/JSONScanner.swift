// SPDX-License-Identifier: Apache-2.0

/// Reads back what `JSONText` writes of strings; no more of JSON than that.
struct JSONScanner {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) {
        rest = Substring(text).unicodeScalars
    }

    mutating func stringArray() -> [String]? {
        guard take("[") else { return nil }
        var values: [String] = []
        if take("]") { return rest.isEmpty ? values : nil }
        repeat {
            guard let value = string() else { return nil }
            values.append(value)
        } while take(",")
        return take("]") && rest.isEmpty ? values : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var value = ""
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return value }
            guard let next = scalar == "\\" ? escaped() : scalar else { return nil }
            value.unicodeScalars.append(next)
        }
        return nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case "n": return "\n"
        case "t": return "\t"
        case "u":
            guard rest.count >= 4, let code = UInt32(String(rest.prefix(4)), radix: 16) else { return nil }
            rest.removeFirst(4)
            return Unicode.Scalar(code)
        case let other: return other
        }
    }
}
