/// The documents that were read so far, with their words split, in front of the database.
actor DocumentLibrary {
    private let store: Store
    private let text: TextProcessor
    private var indexed: [Int64: Document.Indexed] = [:]

    init(store: Store, text: TextProcessor) {
        self.store = store
        self.text = text
    }

    /// The documents that contain any of the words, best match first.
    func documents(matching words: [String], limit: Int) async throws -> [Document.Indexed] {
        let ids = try await store.documents(matching: words, limit: limit)
        let missing = ids.filter { indexed[$0] == nil }
        if !missing.isEmpty {
            // Other callers run while this one waits for the database, and may load the same rows:
            // the rows never change, so the second copy is only wasted work.
            for document in try await store.documents(ids: missing) {
                indexed[document.id] = Document.Indexed(document, text: text)
            }
        }
        return ids.compactMap { indexed[$0] }
    }
}
