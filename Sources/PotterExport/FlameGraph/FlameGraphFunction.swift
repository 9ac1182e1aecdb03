// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// What all frames of a function have in common, made once.
struct FlameGraphFunction {
    /// Width of a character of the frames' font, which is monospaced.
    static let characterPixels = 6.62
    private static let leastCharacters = 3

    let styleClass: String
    /// First line the name, second where it comes from; escaped. The script reads them from here.
    let title: String
    private let name: String

    init(_ function: Function, isRoot: Bool) {
        name = function.name
        styleClass = isRoot ? FlameGraphPalette.root : FlameGraphPalette.styleClass(of: function)
        let file = Function.fileName(of: function.file)
        let place = file.isEmpty ? "" : function.line > 0 ? " \(file):\(function.line)" : " \(file)"
        title = XMLText.escaped(
            function.name.replacing("\n", with: " ") + "\n" + function.displayModule + place)
    }

    /// The name, cut to fit; nil if too little of it would.
    func label(pixels: Double) -> String? {
        let room = Int((pixels - 5) / Self.characterPixels)
        guard room >= Self.leastCharacters else { return nil }
        return XMLText.escaped(name.count <= room ? name : name.prefix(room - 1) + "…")
    }
}
