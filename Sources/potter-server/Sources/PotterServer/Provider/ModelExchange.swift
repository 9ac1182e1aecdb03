/// What the service sends to the language-model provider, as JSON.
struct ModelRequest: Sendable, Codable {
    var model: String
    var prompt: String
    var keywords: [String]
    var passages: [String]
    var maximumTokens: Int
    /// Two requests that differ in nothing else get different answers.
    var candidate: Int
}

/// What the provider answers.
struct ModelAnswer: Sendable, Codable {
    var text: String
    /// The provider's own estimate of how good the answer is, in 0...1.
    var confidence: Double
}
