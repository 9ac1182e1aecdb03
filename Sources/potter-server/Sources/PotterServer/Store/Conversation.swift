import GRDB

/// A prompt and what was answered.
struct Conversation: Sendable, Codable, FetchableRecord, MutablePersistableRecord {
    var id: Int64?
    var tenant: String?
    var model: String
    var prompt: String
    var answer: String
    var tokens: Int

    mutating func didInsert(_ inserted: InsertionSuccess) {
        id = inserted.rowID
    }
}
