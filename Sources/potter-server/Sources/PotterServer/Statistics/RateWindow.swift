/// Events a second, over the last ten complete seconds.
struct RateWindow: Sendable {
    private static let length = 10

    /// One place more than the window is long: the second that is still being counted.
    private var counts = [Int](repeating: 0, count: length + 1)
    private var seconds = [Int](repeating: -1, count: length + 1)

    mutating func record(second: Int) {
        let place = second % counts.count
        if seconds[place] != second {
            seconds[place] = second
            counts[place] = 0
        }
        counts[place] += 1
    }

    /// - Parameter second: the second that is not over yet, counted from the start of the service.
    func rate(at second: Int) -> Double {
        let window = min(Self.length, second)
        guard window > 0 else { return Double(counts[0]) }
        let events = zip(seconds, counts).reduce(0) { sum, entry in
            (second - window..<second).contains(entry.0) ? sum + entry.1 : sum
        }
        return Double(events) / Double(window)
    }
}
