/// The answer of `/v1/search`.
struct SearchResults: Sendable, Codable {
    struct Hit: Sendable, Codable {
        var id: Int64
        var title: String
        var score: Double
        var snippet: String
    }

    var query: String
    var hits: [Hit]
    /// What the documents found are about.
    var facets: [String]
}
