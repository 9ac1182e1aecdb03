/// Finds what the documents say about a prompt, for the model to quote from.
struct ContextRetriever: Sendable {
    struct Context: Sendable {
        /// The most telling sentences of each document.
        var passages: [String]
        /// Those of the prompt first, then those of the documents.
        var keywords: [String]
    }

    private static let sentencesPerPassage = 2

    let library: DocumentLibrary
    let text: TextProcessor

    func context(for prompt: String, documents limit: Int, keywords keywordLimit: Int) async throws -> Context {
        let terms = text.keywords(of: text.words(in: prompt), limit: keywordLimit)
        let documents = try await library.documents(matching: terms, limit: limit)
        let stems = Set(terms.map(text.stem))
        let related = text.keywords(of: documents.flatMap(\.words), limit: keywordLimit)
        return Context(
            passages: documents.map { passage(of: $0, about: stems) },
            keywords: Array(text.uniqueWords(terms + related).prefix(keywordLimit)))
    }

    private func passage(of document: Document.Indexed, about stems: Set<String>) -> String {
        let scores = document.sentences.map { stems.intersection($0.stems).count }
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(Self.sentencesPerPassage)
        return best.sorted().map { document.sentences[$0].text }.joined(separator: " ")
    }
}
