// SPDX-License-Identifier: Apache-2.0
import GRDB
import GRDBSQLite

/// A cached GRDB statement, bound and stepped by column number. Millions of rows pass here: GRDB's own arguments and
/// rows cost microseconds each, this tens of nanoseconds.
struct RawStatement {
    private let statement: Statement
    private let handle: SQLiteStatement

    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Columns count from 1 when bound.
    func bind(_ value: Int64, at column: Int32) {
        sqlite3_bind_int64(handle, column, value)
    }

    func bind(_ value: Int64?, at column: Int32) {
        if let value { sqlite3_bind_int64(handle, column, value) } else { sqlite3_bind_null(handle, column) }
    }

    /// Addresses above 2^63 are stored as negative numbers.
    func bind(_ value: UInt64, at column: Int32) {
        sqlite3_bind_int64(handle, column, Int64(bitPattern: value))
    }

    func bind(_ value: UInt64?, at column: Int32) {
        bind(value.map { Int64(bitPattern: $0) }, at: column)
    }

    func bind(_ value: Double, at column: Int32) {
        sqlite3_bind_double(handle, column, value)
    }

    func bind(_ value: String?, at column: Int32) {
        guard let value else { return _ = sqlite3_bind_null(handle, column) }
        // -1 is SQLITE_TRANSIENT, a cast that does not import: SQLite copies the text.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        _ = value.withCString { sqlite3_bind_text(handle, column, $0, Int32(value.utf8.count), transient) }
    }

    /// Runs a statement that returns no rows, and makes it ready for the next.
    func run() throws {
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw error(code) }
    }

    /// The next row, if there is one; its columns count from 0.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        case let code:
            sqlite3_reset(handle)
            throw error(code)
        }
    }

    func int(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func uint(_ column: Int32) -> UInt64 {
        UInt64(bitPattern: sqlite3_column_int64(handle, column))
    }

    /// A figure that others are added to or compared with: a damaged file may say anything, and no sum of it may trap.
    /// 2^58 ns are nine years of CPU time.
    func figure(_ column: Int32) -> Int64 {
        min(max(int(column), -(1 << 58)), 1 << 58)
    }

    /// The same of a number that is never negative.
    func count(_ column: Int32) -> UInt64 {
        UInt64(max(0, figure(column)))
    }

    func optional(_ column: Int32) -> UInt64? {
        isNull(column) ? nil : uint(column)
    }

    func optionalText(_ column: Int32) -> String? {
        isNull(column) ? nil : text(column)
    }

    /// Needed after the last row that is wanted, if that is not the last there is.
    func reset() {
        sqlite3_reset(handle)
    }

    /// The number in the first column of the first row; nil if there is none.
    static func number(_ db: Database, _ sql: String) throws -> Int64? {
        let statement = try RawStatement(db, sql)
        defer { statement.reset() }
        return try statement.step() && !statement.isNull(0) ? statement.int(0) : nil
    }

    func double(_ column: Int32) -> Double {
        sqlite3_column_double(handle, column)
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    private func error(_ code: Int32) -> DatabaseError {
        let message = sqlite3_db_handle(handle).map { String(cString: sqlite3_errmsg($0)) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}
