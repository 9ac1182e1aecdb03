// SPDX-License-Identifier: Apache-2.0
// Names of functions for a table. A C++ name spells out every template argument, defaults included, and easily has 500
// characters; the table would fall apart, and what differs between two names would be out of sight.

/// Shortens a name from the inside: the arguments most deeply nested go first, those of the name itself last.
///
///     std::vector<std::pair<int, std::allocator<…>>>::push_back(std::pair<…>&&)
///     std::vector<…>::push_back(…)
struct ShortName {
    static let longest = 100

    private let scalars: [Unicode.Scalar]
    /// How many brackets each scalar is in; brackets are not in themselves.
    private let depths: [Int]

    /// `name`, or a shorter one of at most `longest` characters.
    static func of(_ name: String) -> String {
        guard name.utf8.count > longest, name.unicodeScalars.count > longest else { return name }
        return ShortName(Array(name.unicodeScalars)).shortened()
    }

    private init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        depths = Self.depths(of: scalars)
    }

    private func shortened() -> String {
        for depth in (0..<(depths.max() ?? 0)).reversed() {
            let text = without(deeperThan: depth)
            if text.unicodeScalars.count <= Self.longest { return text }
        }
        return withoutMiddle(without(deeperThan: 0))
    }

    private func without(deeperThan limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var isLeftOut = false
        for (scalar, depth) in zip(scalars, depths) {
            if depth <= limit { result.append(scalar) } else if !isLeftOut { result.append("…") }
            isLeftOut = depth > limit
        }
        return String(result)
    }

    /// The end says more than the middle: it has the function, the beginning the namespace.
    private func withoutMiddle(_ text: String) -> String {
        let half = Self.longest / 2
        return String(text.unicodeScalars.prefix(half - 1)) + "…" + String(text.unicodeScalars.suffix(half))
    }

    // MARK: Brackets

    private static func depths(of scalars: [Unicode.Scalar]) -> [Int] {
        var depths: [Int] = []
        var open: [Unicode.Scalar] = []
        while depths.count < scalars.count {
            let plain = symbolsWithoutMeaning(at: depths.count, in: scalars)
            if plain > 0 {
                depths += Array(repeating: open.count, count: plain)
                continue
            }
            let scalar = scalars[depths.count]
            if let bracket = open.last, scalar == closing[bracket] { open.removeLast() }
            depths.append(open.count)
            if closing[scalar] != nil { open.append(scalar) }
        }
        return depths
    }

    private static let closing: [Unicode.Scalar: Unicode.Scalar] = ["<": ">", "(": ")", "[": "]", "{": "}"]

    /// Length of what looks like brackets and is none: `operator<<`, `->`, `(anonymous namespace)`.
    private static func symbolsWithoutMeaning(at index: Int, in scalars: [Unicode.Scalar]) -> Int {
        for word in words where scalars[index...].starts(with: word) { return word.count }
        return 0
    }

    /// Longer ones first.
    private static let words: [[Unicode.Scalar]] = [
        "(anonymous namespace)", "operator<=>", "operator<<=", "operator>>=", "operator<<", "operator>>", "operator<=",
        "operator>=", "operator->", "operator()", "operator[]", "operator<", "operator>", "->",
    ].map { Array($0.unicodeScalars) }
}
