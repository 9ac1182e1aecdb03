// SPDX-License-Identifier: Apache-2.0

/// Punycode (RFC 3492), with `_` for `-`, as Rust mangles identifiers beyond ASCII.
enum Punycode {
    private static let base = 36
    private static let (tMin, tMax, skew, damp) = (1, 26, 38, 700)

    /// Nil if it is none.
    /// - Complexity: O(n²); callers bound n.
    static func decoded(_ bytes: [UInt8]) -> String? {
        let split = bytes.lastIndex(of: UInt8(ascii: "_"))
        var scalars = bytes[..<(split ?? 0)].map { Unicode.Scalar($0) }
        var digits = bytes[(split.map { $0 + 1 } ?? 0)...]
        guard !digits.isEmpty else { return nil }
        var (code, index, bias, isFirst) = (128, 0, 72, true)
        while !digits.isEmpty {
            guard let delta = number(&digits, bias: bias) else { return nil }
            let count = scalars.count + 1
            index += delta
            code += index / count
            index %= count
            guard code <= 0x10_ffff, let scalar = Unicode.Scalar(UInt32(code)) else { return nil }
            scalars.insert(scalar, at: index)
            index += 1
            bias = adapted(delta, count: count, isFirst: isFirst)
            isFirst = false
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// A variable-length integer. More than 2^31 encodes no character.
    private static func number(_ digits: inout ArraySlice<UInt8>, bias: Int) -> Int? {
        var (value, weight, k) = (0, 1, base)
        while let byte = digits.popFirst() {
            guard let digit = digit(byte) else { return nil }
            value += digit * weight
            let threshold = min(max(k - bias, tMin), tMax)
            if digit < threshold { return value }
            weight *= base - threshold
            guard value < 1 << 31, weight < 1 << 31 else { return nil }
            k += base
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 26
        default: nil
        }
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var k = 0
        while delta > (base - tMin) * tMax / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + skew)
    }
}
