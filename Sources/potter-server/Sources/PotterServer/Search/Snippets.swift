import Foundation

/// Scores a document for a query and cuts the best part out of it.
struct Snippets: Sendable {
    /// In words. About two sentences.
    private static let windowLength = 24

    let stems: Set<String>
    let text: TextProcessor

    func hit(for document: Document.Indexed) -> SearchResults.Hit {
        let matches = document.stems.map(stems.contains)
        let (start, inWindow) = densestWindow(matches)
        let total = matches.count { $0 }
        let score = Double(inWindow * 4 + total) / log(Double(matches.count + 2))
        return SearchResults.Hit(
            id: document.document.id, title: document.document.title, score: (score * 1_000).rounded() / 1_000,
            snippet: snippet(of: document, from: start, matches))
    }

    /// Slides the window over the words, so that each word is looked at twice however long it is.
    private func densestWindow(_ matches: [Bool]) -> (start: Int, count: Int) {
        var best = (start: 0, count: 0)
        var count = 0
        for end in matches.indices {
            count += matches[end] ? 1 : 0
            if end >= Self.windowLength, matches[end - Self.windowLength] {
                count -= 1
            }
            if count > best.count {
                best = (max(0, end - Self.windowLength + 1), count)
            }
        }
        return best
    }

    private func snippet(of document: Document.Indexed, from start: Int, _ matches: [Bool]) -> String {
        let end = min(start + Self.windowLength, document.words.count)
        return (start..<end).map { index in
            let word = document.words[index]
            return matches[index] ? "<mark>\(word)</mark>" : word
        }.joined(separator: " ")
    }
}
