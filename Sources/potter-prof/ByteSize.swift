// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// A number of bytes as `perf record --max-size` takes it: digits and B, K, M or G, steps of 1024; no letter is B.
struct ByteSize: ExpressibleByArgument, Equatable {
    static let most: UInt64 = 1 << 60

    let bytes: UInt64

    init?(argument: String) {
        let shifts: [Character: UInt64] = ["B": 0, "K": 10, "M": 20, "G": 30]
        let shift = argument.last.flatMap { shifts[Character($0.uppercased())] }
        let digits = shift == nil ? argument[...] : argument.dropLast()
        guard let number = UInt64(digits), number <= Self.most >> (shift ?? 0) else { return nil }
        bytes = number << (shift ?? 0)
    }
}
