// SPDX-License-Identifier: Apache-2.0

/// Which neighbours of a list that is ordered by time samples cannot tell apart.
///
/// Two times differ by what is in only one of them: of a function and its caller, the caller's own. So it is those
/// samples whose number must be far enough from even (McNemar's test, with weights).
struct Ties {
    /// By row of the profile's table (functions, say): its place in the list; -1 if it is not listed.
    private let places: [Int]
    /// Variance of the samples in only one of the rows at a place and before it, ns².
    private(set) var variances: [Double]

    init(listed: [Int], of count: Int) {
        var places = Array(repeating: -1, count: count)
        for (place, row) in listed.enumerated() { places[row] = place }
        self.places = places
        variances = Array(repeating: 0, count: listed.count)
    }

    /// Adds time that is in all of `rows`, and in no other; `isIn` tells of a row whether it is among them.
    mutating func add(variance: Double, rows: [Int], listed: [Int], isIn: (Int) -> Bool) {
        guard variance > 0 else { return }
        for row in rows where places[row] >= 0 {
            let place = places[row]
            if place > 0 && !isIn(listed[place - 1]) { variances[place] += variance }
            if place + 1 < listed.count && !isIn(listed[place + 1]) { variances[place + 1] += variance }
        }
    }
}
