/// Keeps the sentences whose words are the most frequent ones of the text and its passages.
struct SummarizePlugin: Plugin {
    let name = "summarize"
    let text: TextProcessor
    let sentenceCount = 2

    func run(on document: inout PluginDocument) {
        let sentences = text.sentences(in: document.text)
        let wordsOfSentences = sentences.map { text.words(in: String($0)) }
        var weights: [String: Int] = [:]
        for word in wordsOfSentences.joined() {
            weights[word, default: 0] += word.utf8.count > 3 ? 1 : 0
        }
        let scores = wordsOfSentences.map { words in
            words.reduce(0) { $0 + weights[$1, default: 0] } * 100 / (words.count + 4)
        }
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(sentenceCount).sorted()
        document.summary = best.map { sentences[$0].drop(while: \.isWhitespace) }.joined(separator: " ")
    }
}
