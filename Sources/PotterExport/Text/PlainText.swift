// SPDX-License-Identifier: Apache-2.0

/// Text for a terminal. Names and command lines come from programs, and may hold anything: what would move the cursor,
/// change colours or the direction of writing is shown instead.
enum PlainText {
    /// ESC as `\x1b`, a line break as `\x0a`, a direction mark as `\u{202e}`.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if !isControl(scalar) {
                result.unicodeScalars.append(scalar)
            } else if scalar.value < 0x100 {
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    /// At most `length` characters, with `…` for what is missing at the end.
    static func cut(_ text: String, to length: Int) -> String {
        guard text.utf8.count > length, text.unicodeScalars.count > length else { return text }
        return String(text.unicodeScalars.prefix(length - 1)) + "…"
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
