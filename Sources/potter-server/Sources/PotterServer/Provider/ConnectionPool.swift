/// Lends out connections to the provider, each to one borrower at a time, and keeps them for the next.
actor ConnectionPool {
    private let open: @Sendable () async throws -> ProviderConnection
    private let limit: Int
    private var idle: [ProviderConnection] = []
    /// Connections that are lent out or being opened.
    private var busyCount = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(limit: Int, open: @escaping @Sendable () async throws -> ProviderConnection) {
        self.limit = limit
        self.open = open
    }

    /// Runs `body` with a connection. One that an error came out of is in an unknown state: it is closed.
    func withConnection<Result: Sendable>(
        _ body: @Sendable (ProviderConnection) async throws -> Result
    ) async throws -> Result {
        await reserve()
        do {
            let connection = try await nextConnection()
            do {
                let result = try await body(connection)
                idle.append(connection)
                release()
                return result
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            release()
            throw error
        }
    }

    func close() async {
        let closing = idle
        idle = []
        for connection in closing {
            await connection.close()
        }
    }

    private func nextConnection() async throws -> ProviderConnection {
        while let connection = idle.popLast() {
            if connection.isActive { return connection }
        }
        return try await open()
    }

    /// Waits for its turn in the order of arrival. A place is handed over directly, and `busyCount`
    /// stays: a newcomer cannot slip in between.
    private func reserve() async {
        if busyCount < limit {
            busyCount += 1
        } else {
            await withCheckedContinuation { waiters.append($0) }
        }
    }

    private func release() {
        if waiters.isEmpty {
            busyCount -= 1
        } else {
            waiters.removeFirst().resume()
        }
    }
}
