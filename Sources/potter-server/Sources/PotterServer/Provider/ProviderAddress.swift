/// Where the provider listens: known only after the system chose a port for it.
actor ProviderAddress {
    private var port: Int?
    private let (announcements, announcer) = AsyncStream<Void>.makeStream()

    func announce(port: Int) {
        self.port = port
        announcer.finish()
    }

    /// Waits until the port is known.
    func port() async throws -> Int {
        // A stream, and no stored continuation: it also ends when the waiting task is cancelled, which
        // happens when the provider could not start.
        for await _ in announcements {}
        guard let port else { throw CancellationError() }
        return port
    }
}
