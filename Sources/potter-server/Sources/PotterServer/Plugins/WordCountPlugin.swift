/// Counts words, distinct words and sentences.
struct WordCountPlugin: Plugin {
    let name = "word-count"
    let text: TextProcessor

    func run(on document: inout PluginDocument) {
        let words = text.words(in: document.text)
        document.facts["words"] = words.count
        document.facts["distinctWords"] = text.uniqueWords(words.map(text.stem)).count
        document.facts["sentences"] = text.sentences(in: document.text).count
    }
}
