/// Finds documents: the database proposes candidates, the service ranks them by how close together
/// the words of the query stand, and marks the words in a snippet.
struct SearchService: Sendable {
    private static let candidatesPerResult = 2
    private static let facetCount = 10

    let configuration: ConfigurationStore
    let library: DocumentLibrary
    let text: TextProcessor

    func search(_ query: String, limit: Int?) async throws -> SearchResults {
        let standardLimit = try await configuration.number("search.limit")
        let limit = limit.map { min(max($0, 1), 50) } ?? standardLimit
        let terms = text.uniqueWords(text.words(in: text.normalize(query)))
        let documents = try await library.documents(matching: terms, limit: limit * Self.candidatesPerResult)
        async let facets = text.keywords(of: documents.flatMap(\.words), limit: Self.facetCount)
        let hits = await rank(documents, for: Set(terms.map(text.stem)))
        return SearchResults(query: query, hits: Array(hits.prefix(limit)), facets: await facets)
    }

    private func rank(_ documents: [Document.Indexed], for stems: Set<String>) async -> [SearchResults.Hit] {
        let snippets = Snippets(stems: stems, text: text)
        return await withTaskGroup(of: SearchResults.Hit.self) { group in
            for document in documents {
                group.addTask { snippets.hit(for: document) }
            }
            let hits = await group.reduce(into: []) { $0.append($1) }
            return hits.sorted { ($0.score, $1.id) > ($1.score, $0.id) }
        }
    }
}
