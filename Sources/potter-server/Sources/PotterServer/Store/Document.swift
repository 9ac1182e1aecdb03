import GRDB

/// A text that completions may quote from and that `/v1/search` finds.
struct Document: Sendable, Codable, FetchableRecord, PersistableRecord {
    var id: Int64
    var title: String
    var body: String

    /// A row, cut into sentences and words once: each request reads them.
    struct Indexed: Sendable {
        struct Sentence: Sendable {
            var text: String
            var stems: Set<String>
        }

        var document: Document
        var words: [String]
        /// For each word, at the same index.
        var stems: [String]
        var sentences: [Sentence]

        init(_ document: Document, text: TextProcessor) {
            self.document = document
            words = text.words(in: document.body)
            stems = words.map(text.stem)
            sentences = text.sentences(in: document.body).map { sentence in
                Sentence(text: sentence, stems: Set(text.words(in: sentence).map(text.stem)))
            }
        }
    }

    /// The built-in documents, the same ones on each start.
    static func samples(count: Int) -> [Document] {
        (1...count).map { number in
            var lexicon = Lexicon(seed: UInt64(number))
            let title = "How the \(lexicon.pick(Lexicon.subjects)) \(lexicon.pick(Lexicon.verbs)) data"
            let length = 20 + lexicon.next(below: 13)
            let body = (0..<length).map { _ in lexicon.sentence() }.joined(separator: " ")
            return Document(id: Int64(number), title: title, body: body)
        }
    }
}
