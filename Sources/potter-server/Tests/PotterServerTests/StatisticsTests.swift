import Testing

@testable import PotterServer

struct StatisticsTests {
    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 1_000, 999_999, 123_456_789, UInt64.max / 2])
    func bucketHoldsItsValue(value: UInt64) {
        let bucket = LatencyHistogram.bucket(of: value)
        #expect(LatencyHistogram.upperBound(of: bucket) >= value)
        #expect(bucket == 0 || LatencyHistogram.upperBound(of: bucket - 1) < value)
        #expect(Double(LatencyHistogram.upperBound(of: bucket)) <= Double(value) * (1 + 1.0 / 32))
    }

    @Test func percentiles() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.5) == 0)
        for value in 1...1_000 { histogram.record(nanoseconds: UInt64(value) * 1_000) }
        #expect((500_000...516_000).contains(histogram.percentile(0.5)))
        #expect((990_000...1_000_000).contains(histogram.percentile(0.99)))
        #expect(histogram.percentile(1) == 1_000_000)
    }

    @Test func rateCountsCompleteSecondsOnly() {
        var window = RateWindow()
        for second in [0, 0, 1, 2, 2, 2] { window.record(second: second) }
        #expect(window.rate(at: 2) == 1.5)
        #expect(window.rate(at: 3) == 2)
        #expect(window.rate(at: 12) == 0.3)
        #expect(window.rate(at: 60) == 0)
    }

    @Test func totalIsTheSumOfTheRoutes() {
        let statistics = ServiceStatistics(faults: [.lock])
        for outcome in [RequestOutcome.success, .error, .cancelled] {
            statistics.end(route: "GET /a", began: statistics.begin(), outcome: outcome)
        }
        statistics.end(route: "GET /b", began: statistics.begin(), outcome: .success)
        let report = statistics.report()
        #expect(report.requestsTotal == 3)
        #expect(report.errorsTotal == 1)
        #expect(report.inFlight == 0)
        #expect(report.routes.map(\.count) == [2, 1])
        #expect(report.routes[0].cancelled == 1)
        #expect(report.faults == ["lock"])
    }
}
