// SPDX-License-Identifier: Apache-2.0

/// What made the samples of a thread; decides how they are weighed (see `CPUAccounting`).
public enum Engine: String, Sendable, CaseIterable {
    /// perf clocks sample user time; a CPU timer's ticks only divide kernel time.
    case perf
    /// The CPU timer alone, where perf is refused.
    case timer
    /// As `perf`, its clocks' signals SIGTRAPs of the kernel: for comparison only.
    case sigtrap
    /// Nothing was sampled.
    case none
}
