/// Stands in for the language model: a Markdown text that depends on nothing but the request.
struct AnswerGenerator: Sendable {
    func answer(to request: ModelRequest) -> ModelAnswer {
        var lexicon = Lexicon(seed: Lexicon.seed(for: request.prompt) &+ UInt64(request.candidate))
        var lines = ["## About \(request.keywords.prefix(3).joined(separator: ", "))"]
        var budget = request.maximumTokens
        while budget > 0 {
            let sentence = emphasize(lexicon.sentence(), request.keywords, &lexicon)
            budget -= sentence.utf8.count / 4
            lines.append(lexicon.next(below: 2) == 0 ? "- \(sentence)" : sentence)
        }
        if let passage = request.passages.first {
            lines.append("See: `\(passage.prefix(80))`")
        }
        return ModelAnswer(
            text: lines.joined(separator: "\n"),
            confidence: Double(lexicon.next(below: 1_000)) / 1_000)
    }

    /// Works a keyword of the prompt into the sentence.
    private func emphasize(_ sentence: String, _ keywords: [String], _ lexicon: inout Lexicon) -> String {
        guard !keywords.isEmpty else { return sentence }
        return "\(sentence.dropLast()), as for **\(lexicon.pick(keywords))**."
    }
}
