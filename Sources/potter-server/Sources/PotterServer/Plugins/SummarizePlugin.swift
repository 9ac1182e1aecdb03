/// Keeps the sentences whose words are the most frequent ones of the text and its passages.
struct SummarizePlugin: Plugin {
    let name = "summarize"
    let text: TextProcessor
    let sentenceCount = 2

    func run(on document: inout PluginDocument) {
        // The heading only says what the prompt said.
        let body = document.text.hasPrefix("#") ? document.text.drop { $0 != "\n" } : document.text[...]
        let sentences = text.sentences(in: String(body))
        let wordsOfSentences = sentences.map { text.words(in: $0) }
        var weights: [String: Int] = [:]
        for word in wordsOfSentences.joined() {
            weights[word, default: 0] += word.utf8.count > 3 ? 1 : 0
        }
        let scores = wordsOfSentences.map { words in
            words.reduce(0) { $0 + weights[$1, default: 0] } * 100 / (words.count + 4)
        }
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(sentenceCount).sorted()
        document.summary = best.map { sentences[$0] }.joined(separator: " ")
    }
}
