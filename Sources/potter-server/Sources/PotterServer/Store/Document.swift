import GRDB

/// A text that completions may quote from and that `/v1/search` finds.
struct Document: Sendable, Codable, FetchableRecord, PersistableRecord {
    var id: Int64
    var title: String
    var body: String

    /// A row, with its words split once: each request reads them.
    struct Indexed: Sendable {
        var document: Document
        var words: [String]
        var stems: [String]

        init(_ document: Document, text: TextProcessor) {
            self.document = document
            words = text.words(in: document.body)
            stems = words.map(text.stem)
        }
    }

    /// The built-in documents, the same ones on each start.
    static func samples(count: Int) -> [Document] {
        (1...count).map { number in
            var lexicon = Lexicon(seed: UInt64(number))
            let title = "How the \(lexicon.pick(Lexicon.subjects)) \(lexicon.pick(Lexicon.verbs)) data"
            let length = 12 + lexicon.next(below: 12)
            let body = (0..<length).map { _ in lexicon.sentence() }.joined(separator: " ")
            return Document(id: Int64(number), title: title, body: body)
        }
    }
}
