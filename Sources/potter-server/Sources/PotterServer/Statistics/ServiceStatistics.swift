import NIOConcurrencyHelpers

/// Counts, rates and latencies of the service, per route.
///
/// Updated at the end of each request from any thread; the lock is held for a few additions.
final class ServiceStatistics: Sendable {
    private struct State {
        var routes: [String: RouteStatistics] = [:]
        var inFlight = 0
    }

    private let start = ContinuousClock.now
    private let faults: [String]
    private let state = NIOLockedValueBox(State())

    init(faults: Set<Fault>) {
        self.faults = faults.map(\.rawValue).sorted()
    }

    /// - Returns: the moment to give to `end(route:began:outcome:)`.
    func begin() -> ContinuousClock.Instant {
        state.withLockedValue { $0.inFlight += 1 }
        return .now
    }

    func end(route: String, began: ContinuousClock.Instant, outcome: RequestOutcome) {
        let now = ContinuousClock.now
        let nanoseconds = UInt64((now - began) / .nanoseconds(1))
        let second = Int((now - start).components.seconds)
        state.withLockedValue { state in
            state.inFlight -= 1
            state.routes[route, default: RouteStatistics()].record(outcome, nanoseconds: nanoseconds, second: second)
        }
    }

    func report() -> StatisticsReport {
        let uptime = ContinuousClock.now - start
        let second = Int(uptime.components.seconds)
        let (routes, inFlight) = state.withLockedValue { ($0.routes, $0.inFlight) }
        let reports = routes.sorted { $0.key < $1.key }.map { $0.value.report(name: $0.key, second: second) }
        return StatisticsReport(
            uptimeSeconds: uptime / .seconds(1),
            requestsTotal: reports.reduce(0) { $0 + $1.count },
            requestsPerSecond: reports.reduce(0) { $0 + $1.perSecond },
            errorsTotal: reports.reduce(0) { $0 + $1.errors },
            inFlight: inFlight,
            faults: faults,
            routes: reports)
    }
}
