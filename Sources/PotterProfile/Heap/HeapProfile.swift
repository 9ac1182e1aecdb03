// SPDX-License-Identifier: Apache-2.0

/// Where the memory of a run came from, by stack. Plain data: a recording or a test fills it.
public struct HeapProfile: Sendable {
    /// A stack of a process that allocates.
    public struct Site: Sendable {
        public var stack: UInt32
        public var process: UInt32
        public var kind: HeapKind
        /// When the recording, or its process, ended.
        public var counts = HeapCounts()
        /// Live at the peak.
        public var atPeak = HeapAmount()
        /// Variance of the estimate of these bytes, bytes²; 0 in exact mode.
        public var atPeakVariance = 0.0

        public init(stack: UInt32, process: UInt32, kind: HeapKind) {
            self.stack = stack
            self.process = process
            self.kind = kind
        }
    }

    /// All processes together, at a time. Of malloc's blocks alone: mappings are an account of their own.
    public struct Point: Sendable, Equatable {
        /// Since the run began.
        public var timeNs: UInt64
        /// Of processes that live.
        public var live: HeapAmount
        public var allocated: HeapAmount

        public init(timeNs: UInt64, live: HeapAmount, allocated: HeapAmount) {
            self.timeNs = timeNs
            self.live = live
            self.allocated = allocated
        }
    }

    /// Functions, frames and stacks of the run; its weights are CPU time.
    public var profile: Profile
    public var sites: [Site]
    public var timeline: [Point]
    /// Every call was recorded: figures are exact, not estimates.
    public var isExact: Bool

    public init(profile: Profile, sites: [Site], timeline: [Point], isExact: Bool) {
        self.profile = profile
        self.sites = sites
        self.timeline = timeline
        self.isExact = isExact
    }

    /// The point with most live bytes; between points there may have been more.
    public var peak: Point? { timeline.max { $0.live.bytes < $1.live.bytes } }

    /// Sums of one kind.
    public func total(of kind: HeapKind) -> HeapCounts {
        sites.lazy.filter { $0.kind == kind }.reduce(into: HeapCounts()) { $0 += $1.counts }
    }

    /// What was allocated by stacks whose root was not reached: their callers are not known, or not all.
    public var incomplete: HeapAmount {
        let name = PseudoFrame.incomplete.name
        return sites.lazy.filter { $0.kind == .block && $0.counts.allocations.blocks > 0 }
            .filter { site in
                guard let root = profile.stacks.path(of: site.stack).last else { return false }
                return profile.frames.range(at: root).contains {
                    profile.functions[Int(profile.frames.entries[$0].function)].name == name
                }
            }.reduce(into: HeapAmount()) { $0 += $1.counts.allocations }
    }

    /// The same stacks with the heap's weights: bytes take the place of nanoseconds, blocks that of samples.
    public func weighted(by metric: HeapMetric, kind: HeapKind = .block) -> Profile {
        var weighted = profile
        weighted.weights = sites.filter { $0.kind == kind }.compactMap { site in
            let amount = metric.amount(of: site)
            guard amount != HeapAmount() else { return nil }
            return Weight(
                stack: site.stack, process: site.process, thread: 0, kind: .user, samples: amount.blocks,
                weightNs: Int64(clamping: amount.bytes))
        }
        return weighted
    }
}

/// What of a heap is shown.
public enum HeapMetric: String, Sendable, CaseIterable {
    /// Not freed when the recording or the process ended.
    case live
    /// Live when most bytes were.
    case peak
    /// All that was ever allocated.
    case allocated

    public func amount(of site: HeapProfile.Site) -> HeapAmount {
        switch self {
        case .live: site.counts.live
        case .peak: site.atPeak
        case .allocated: site.counts.allocations
        }
    }
}
