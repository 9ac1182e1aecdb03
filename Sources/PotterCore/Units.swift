// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them. Always the same, whatever the locale: reports are compared and parsed.
public enum Units {
    /// `123.4 s`, `12.34 s`, `45.6 ms`, `789 us`, `12 ns`.
    public static func time(_ ns: Int64) -> String {
        let magnitude = Double(ns.magnitude)
        let sign = ns < 0 ? "-" : ""
        switch magnitude {
        case 99.95e9...: return sign + decimal(magnitude / 1e9, places: 1) + " s"
        case 0.9995e9...: return sign + decimal(magnitude / 1e9, places: 2) + " s"
        case 0.9995e6...: return sign + significant(magnitude / 1e6) + " ms"
        case 0.9995e3...: return sign + significant(magnitude / 1e3) + " us"
        default: return "\(ns) ns"
        }
    }

    /// `1.23 GB`, `45.6 MB`, `789 kB`, `12 B`: powers of 1000, as `ls --si`, with three digits.
    public static func bytes(_ count: Int64) -> String {
        let magnitude = Double(count.magnitude)
        let sign = count < 0 ? "-" : ""
        switch magnitude {
        case 0.9995e12...: return sign + significant(magnitude / 1e12) + " TB"
        case 0.9995e9...: return sign + significant(magnitude / 1e9) + " GB"
        case 0.9995e6...: return sign + significant(magnitude / 1e6) + " MB"
        case 0.9995e3...: return sign + significant(magnitude / 1e3) + " kB"
        default: return "\(count) B"
        }
    }

    /// `12.34%`
    public static func percent(_ value: Double, places: Int = 2) -> String {
        decimal(value, places: places) + "%"
    }

    /// `1,234,567`
    public static func count(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (value < 0 ? "-" : "") + result
    }

    /// Rounded to so many decimals, with a point, without an exponent.
    public static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard places > 0 else { return sign + String(scaled) }
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    private static func significant(_ value: Double) -> String {
        decimal(value, places: value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)
    }
}
