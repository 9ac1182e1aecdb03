import Foundation

/// Cleans, splits and counts text. Pure: the same input gives the same output on each call.
struct TextProcessor: Sendable {
    let faults: Set<Fault>

    init(faults: Set<Fault> = []) {
        self.faults = faults
    }

    /// Collapses white space, drops control characters and replaces typographic punctuation.
    func normalize(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var owesSpace = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                owesSpace = !result.isEmpty
            } else if scalar.properties.generalCategory != .control {
                if owesSpace {
                    result.append(" ")
                    owesSpace = false
                }
                result.append(Self.plainPunctuation[scalar] ?? scalar)
            }
        }
        return String(result)
    }

    /// The words of a text in lower case, in order, with duplicates.
    func words(in text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if Self.belongsToWord(scalar) {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word).lowercased())
                word.removeAll(keepingCapacity: true)
            }
        }
        if !word.isEmpty {
            words.append(String(word).lowercased())
        }
        return words
    }

    /// The text cut behind each full stop, question mark and exclamation mark.
    func sentences(in text: String) -> [String] {
        var sentences: [String] = []
        var sentence = ""
        for character in text {
            if !(sentence.isEmpty && character.isWhitespace) {
                sentence.append(character)
            }
            if ".!?\n".contains(character), sentence.contains(where: \.isLetter) {
                sentences.append(sentence)
                sentence = ""
            }
        }
        return sentence.isEmpty ? sentences : sentences + [sentence]
    }

    /// A word without its inflection. Light stemming: search must find "crashes" for "crash".
    func stem(_ word: String) -> String {
        for suffix in Self.suffixes where word.hasSuffix(suffix) {
            let stem = word.dropLast(suffix.count)
            return stem.count >= 3 ? String(stem) : word
        }
        return word
    }

    /// The words that say most about a text: frequent, long, and not in the list of stop words.
    func keywords(of words: [String], limit: Int) -> [String] {
        var counts: [String: Int] = [:]
        for word in words where !Self.stopWords.contains(word) {
            counts[word, default: 0] += 1
        }
        let distinct = faults.contains(.hotLoop) ? removeDuplicateWords(words) : uniqueWords(words)
        let scored = distinct.compactMap { word in
            counts[word].map { (word: word, score: Double($0) * log2(Double(word.utf8.count + 1))) }
        }
        return scored.sorted { ($0.score, $1.word) > ($1.score, $0.word) }.prefix(limit).map(\.word)
    }

    /// Each word once, in the order of its first appearance.
    func uniqueWords(_ words: [String]) -> [String] {
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }

    private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: !scalar.isASCII && scalar.properties.isAlphabetic
        }
    }

    private static let suffixes = ["ations", "ation", "ments", "ment", "ings", "ing", "edly", "ed", "es", "s"]

    private static let plainPunctuation: [Unicode.Scalar: Unicode.Scalar] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{201C}": "\"", "\u{201D}": "\"", "\u{2013}": "-", "\u{2014}": "-",
    ]

    private static let stopWords: Set<String> = [
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "has", "have", "if", "in", "into",
        "is", "it", "its", "no", "not", "of", "on", "or", "so", "than", "that", "the", "their", "then", "there",
        "they", "this", "to", "under", "was", "were", "when", "which", "while", "will", "with", "without",
    ]
}
