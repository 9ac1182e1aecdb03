/// How a request ended.
enum RequestOutcome: Sendable {
    case success, error
    /// The client went away: neither a success nor the fault of the service.
    case cancelled
}

/// What is known about the requests for one route.
struct RouteStatistics: Sendable {
    private var successes = 0
    private var errors = 0
    private var cancelled = 0
    private var latencies = LatencyHistogram()
    private var rate = RateWindow()

    mutating func record(_ outcome: RequestOutcome, nanoseconds: UInt64, second: Int) {
        switch outcome {
        case .success: successes += 1
        case .error: errors += 1
        case .cancelled: cancelled += 1
        }
        if outcome != .cancelled {
            latencies.record(nanoseconds: nanoseconds)
            rate.record(second: second)
        }
    }

    func report(name: String, second: Int) -> StatisticsReport.Route {
        func milliseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds / 1_000) / 1_000 }
        return StatisticsReport.Route(
            route: name, count: successes + errors, errors: errors, cancelled: cancelled,
            perSecond: rate.rate(at: second),
            latencyMilliseconds: StatisticsReport.Latency(
                p50: milliseconds(latencies.percentile(0.50)),
                p99: milliseconds(latencies.percentile(0.99)),
                max: milliseconds(latencies.maximum)))
    }
}
