import ServiceLifecycle

/// Ends when its time is over; the group of services then stops too.
struct StopTimer: Service {
    let duration: Duration

    func run() async throws {
        // Cancelled by a signal that comes first: then there is nothing left to do.
        try? await cancelWhenGracefulShutdown {
            try await Task.sleep(for: duration)
        }
    }
}
