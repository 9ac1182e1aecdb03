// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// Colours of a flame graph: a hue says whose code a frame is, its shade tells neighbours apart. All are light enough
/// for black text.
struct FlameGraphPalette {
    struct Hue {
        var category: FunctionCategory
        var name: String
        /// Hue in degrees, saturation and lightness in percent.
        var hue: Int
        var saturation: Int
        var lightness: Int
    }

    static let shades = 5

    static let hues = [
        Hue(category: .swift, name: "Swift", hue: 24, saturation: 92, lightness: 66),
        Hue(category: .swiftLibrary, name: "Swift libraries", hue: 46, saturation: 88, lightness: 68),
        Hue(category: .swiftRuntime, name: "Swift runtime", hue: 322, saturation: 62, lightness: 74),
        Hue(category: .c, name: "C", hue: 88, saturation: 46, lightness: 66),
        Hue(category: .cpp, name: "C++", hue: 152, saturation: 42, lightness: 66),
        Hue(category: .rust, name: "Rust", hue: 8, saturation: 52, lightness: 68),
        Hue(category: .system, name: "system libraries", hue: 208, saturation: 58, lightness: 74),
        Hue(category: .kernel, name: "kernel", hue: 262, saturation: 52, lightness: 77),
        Hue(category: .unknown, name: "other code", hue: 44, saturation: 22, lightness: 74),
        Hue(category: .pseudo, name: "not in any stack", hue: 0, saturation: 0, lightness: 80),
    ]

    /// The style sheet's rules for the categories that occur.
    static func rules(for categories: Set<FunctionCategory>) -> String {
        var rules = ""
        for hue in hues where categories.contains(hue.category) {
            for shade in 0..<shades {
                let lightness = hue.lightness + (shade - shades / 2) * 2
                rules += ".\(hue.category)\(shade){fill:hsl(\(hue.hue + (shade - shades / 2) * 2),"
                rules += "\(hue.saturation)%,\(lightness)%)}\n"
            }
        }
        return rules
    }

    /// The class of the root, which is no function.
    static let root = "root"

    /// The class of a function's frames; the same in every graph.
    static func styleClass(of function: Function) -> String {
        "\(FunctionCategory(function))\(shade(of: function.name))"
    }

    /// FNV-1a: Swift's own hash differs from run to run.
    private static func shade(of name: String) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in name.utf8 {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        return Int((hash >> 8) % UInt32(shades))
    }
}
