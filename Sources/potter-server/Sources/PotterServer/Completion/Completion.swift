/// What a client of `/v1/complete` asks.
struct CompletionRequest: Sendable, Codable {
    var prompt: String
    /// Selects the tenant's own settings.
    var tenant: String?
}

/// What it gets.
struct Completion: Sendable, Codable {
    struct Usage: Sendable, Codable {
        var prompt: Int
        var answer: Int

        var total: Int { prompt + answer }
    }

    var id: Int64
    var model: String
    var text: String
    var html: String?
    var summary: String?
    var keywords: [String]
    var facts: [String: Int]
    /// In tokens.
    var usage: Usage
}
