// SPDX-License-Identifier: Apache-2.0

/// A function and the CPU time spent in it.
public struct Hotspot: Sendable, Equatable {
    /// Index into the profile's functions.
    public var function: Int
    /// In the function itself, inlined callees not included.
    public var selfNs: Int64
    /// With all that it called. A recursive function counts once per stack.
    public var totalNs: Int64
    public var selfSamples: UInt64
    public var totalSamples: UInt64
    /// Variance of the times, ns²: see `Weight.variance`.
    public var selfVariance: Double
    public var totalVariance: Double
    /// Whether samples cannot tell its total time from that of the function before it in the order of total times (95 %).
    public var isTotalTie = false
    /// Where to look: the declaration if known, else the line with most self time; 0 if unknown.
    public var line: UInt32

    public init(
        function: Int, selfNs: Int64 = 0, totalNs: Int64 = 0, selfSamples: UInt64 = 0, totalSamples: UInt64 = 0,
        selfVariance: Double = 0, totalVariance: Double = 0, line: UInt32 = 0
    ) {
        self.function = function
        self.selfNs = selfNs
        self.totalNs = totalNs
        self.selfSamples = selfSamples
        self.totalSamples = totalSamples
        self.selfVariance = selfVariance
        self.totalVariance = totalVariance
        self.line = line
    }
}
