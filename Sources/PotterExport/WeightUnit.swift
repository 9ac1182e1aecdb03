// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// What the weights of a call tree are.
public enum WeightUnit: String, Sendable {
    /// CPU time, of samples.
    case nanoseconds
    /// Memory, of blocks.
    case bytes

    func text(_ weight: Int64) -> String {
        switch self {
        case .nanoseconds: Units.time(weight)
        case .bytes: Units.bytes(weight)
        }
    }

    /// What one of those is called that a weight is the sum of.
    var one: String { self == .nanoseconds ? "sample" : "block" }
    var heading: String { self == .nanoseconds ? "time" : "bytes" }
}
