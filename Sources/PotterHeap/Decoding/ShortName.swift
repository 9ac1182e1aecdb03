// SPDX-License-Identifier: Apache-2.0

/// Names as they stand in the path of a cycle, where modules are noise.
enum ShortName {
    /// `App.Outer.Type<App.Element>` -> `Outer.Type<Element>`.
    static func withoutModule(_ name: String) -> String {
        var result = ""
        var word = ""
        for character in name {
            if character.isLetter || character.isNumber || "._`$".contains(character) {
                word.append(character)
            } else {
                result += stripped(word) + String(character)
                word = ""
            }
        }
        return result + stripped(word)
    }

    private static func stripped(_ word: String) -> String {
        guard let dot = word.firstIndex(of: "."), dot != word.startIndex, word.index(after: dot) != word.endIndex else {
            return word
        }
        return String(word[word.index(after: dot)...])
    }

    /// What a demangled symbol says of a function or a closure, `closure #2 in Session.start()`: without the variants that
    /// the compiler makes of it.
    static func function(_ symbol: String) -> String {
        var name = symbol
        let variants = [
            "partial apply forwarder for ", "partial apply for ", "async function pointer to ", "merged ",
            "reabstraction thunk helper for ", "suspend resume partial function for ",
            "await resume partial function for ", "implicit closure #1 in ",
        ]
        while true {
            if let number = name.prefixMatch(of: #/\([0-9]+\) /#) {
                name.removeSubrange(number.range)
            } else if let variant = variants.first(where: name.hasPrefix) {
                name.removeFirst(variant.count)
            } else {
                return name
            }
        }
    }
}
