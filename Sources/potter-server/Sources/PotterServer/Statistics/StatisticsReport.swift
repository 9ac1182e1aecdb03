/// The answer of `/stats`. Requests for `/stats` and `/health` are not counted: whoever watches the
/// service must not change what is seen.
struct StatisticsReport: Sendable, Codable {
    struct Latency: Sendable, Codable {
        var p50: Double
        var p99: Double
        var max: Double
    }

    struct Route: Sendable, Codable {
        var route: String
        /// Requests that got an answer, errors included.
        var count: Int
        /// Of these, answers with a status of 400 or more.
        var errors: Int
        /// Requests whose client went away; not in `count`.
        var cancelled: Int
        /// Over the last ten complete seconds.
        var perSecond: Double
        /// From the request's head to its answer, without the time to send it, since the start.
        var latencyMilliseconds: Latency
    }

    var uptimeSeconds: Double
    var requestsTotal: Int
    var requestsPerSecond: Double
    var errorsTotal: Int
    var inFlight: Int
    var faults: [String]
    var routes: [Route]
}
