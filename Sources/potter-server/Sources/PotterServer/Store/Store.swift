import Foundation
import GRDB

/// The SQLite database: documents with a full-text index, and conversations.
///
/// Reads run in parallel on GRDB's reader connections, writes one after the other on its writer.
struct Store: Sendable {
    /// Older conversations are deleted, so that a service that runs for days keeps its size.
    private static let retainedConversations: Int64 = 20_000
    private static let pruningInterval: Int64 = 1_000
    private static let documentCount = 240

    private let pool: DatabasePool
    private let path: String
    /// Whether the database is ours alone and goes when the service stops.
    private let isTemporary: Bool

    /// - Parameter path: a file, made when it does not exist; nil for a temporary one.
    init(path: String?) throws {
        let temporary = FileManager.default.temporaryDirectory
        self.path = path ?? temporary.appendingPathComponent("potter-server-\(getpid()).sqlite").path
        isTemporary = path == nil
        do {
            pool = try DatabasePool(path: self.path)
            try Self.migrator.migrate(pool)
        } catch {
            throw StartFailure(cannotOpenDatabase: self.path, because: error)
        }
    }

    /// Closes the connections and deletes a temporary database.
    func close() throws {
        try pool.close()
        guard isTemporary else { return }
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    /// The documents that contain any of the words, best match first.
    ///
    /// - Parameter words: letters and digits only, as `TextProcessor` splits them.
    func documents(matching words: [String], limit: Int) async throws -> [Int64] {
        guard !words.isEmpty else { return [] }
        // Not FTS5Pattern: it opens a database in memory to check each pattern, 17 % of the CPU time here.
        let pattern = words.map { "\"\($0)\"" }.joined(separator: " OR ")
        return try await pool.read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT rowid FROM documentIndex WHERE documentIndex MATCH ? ORDER BY rank LIMIT ?",
                arguments: [pattern, limit])
        }
    }

    func documents(ids: [Int64]) async throws -> [Document] {
        try await pool.read { try Document.fetchAll($0, keys: ids) }
    }

    /// - Returns: the identifier of the new row.
    func save(_ conversation: Conversation) async throws -> Int64 {
        try await pool.write { database in
            let id = try conversation.inserted(database).id ?? 0
            if id % Self.pruningInterval == 0 {
                try Conversation.filter(Column("id") <= id - Self.retainedConversations).deleteAll(database)
            }
            return id
        }
    }

    func conversation(id: Int64) async throws -> Conversation? {
        try await pool.read { try Conversation.fetchOne($0, key: id) }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("documents") { database in
            try database.create(table: "document") { table in
                table.primaryKey("id", .integer)
                table.column("title", .text).notNull()
                table.column("body", .text).notNull()
            }
            try database.create(virtualTable: "documentIndex", using: FTS5()) { table in
                table.synchronize(withTable: "document")
                table.tokenizer = .porter()
                table.column("title")
                table.column("body")
            }
            for document in Document.samples(count: documentCount) {
                try document.insert(database)
            }
        }
        migrator.registerMigration("conversations") { database in
            try database.create(table: "conversation") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("tenant", .text)
                table.column("model", .text).notNull()
                table.column("prompt", .text).notNull()
                table.column("answer", .text).notNull()
                table.column("tokens", .integer).notNull()
            }
        }
        return migrator
    }
}
