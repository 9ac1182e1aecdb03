/// Counts latencies in buckets that grow with the value, so that each percentile is right to 1/32.
///
/// A value below 64 has a bucket of its own; above that, each doubling is cut into 32 buckets.
struct LatencyHistogram: Sendable {
    private static let bucketsPerDoubling = 32

    private var counts: [Int] = []
    private(set) var count = 0
    private(set) var maximum: UInt64 = 0

    mutating func record(nanoseconds value: UInt64) {
        let bucket = Self.bucket(of: value)
        if bucket >= counts.count {
            counts.append(contentsOf: repeatElement(0, count: bucket + 1 - counts.count))
        }
        counts[bucket] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// The value that a share of all values does not exceed, in nanoseconds; 0 without values.
    func percentile(_ share: Double) -> UInt64 {
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (bucket, inBucket) in counts.enumerated() {
            seen += inBucket
            if seen >= rank {
                return min(Self.upperBound(of: bucket), maximum)
            }
        }
        return 0
    }

    static func bucket(of value: UInt64) -> Int {
        if value < UInt64(2 * bucketsPerDoubling) { return Int(value) }
        let shift = 58 - value.leadingZeroBitCount
        return shift * bucketsPerDoubling + Int(value >> UInt64(shift))
    }

    static func upperBound(of bucket: Int) -> UInt64 {
        if bucket < 2 * bucketsPerDoubling { return UInt64(bucket) }
        let shift = bucket / bucketsPerDoubling - 1
        let step = UInt64(bucket % bucketsPerDoubling + bucketsPerDoubling)
        return ((step + 1) << UInt64(shift)) - 1
    }
}
