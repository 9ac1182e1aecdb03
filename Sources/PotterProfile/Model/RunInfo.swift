// SPDX-License-Identifier: Apache-2.0

/// A run: what was recorded, when, by which means. Times are CLOCK_MONOTONIC nanoseconds; `startWallNs` anchors them
/// to the calendar.
public struct RunInfo: Sendable, Equatable {
    public var command: [String]
    public var workingDirectory: String
    public var host: String
    public var kernel: String
    public var architecture: String
    public var potterVersion: String
    /// Why the run exists: `manual`, `load`, `benchmark`, `alert`.
    public var cause: String
    public var startNs: UInt64
    /// Nanoseconds since 1970 at `startNs`.
    public var startWallNs: UInt64
    public var endNs: UInt64?
    /// As a shell shows it: 128 + n for a signal.
    public var exitStatus: Int32?
    public var engine: Engine
    /// Why this engine, as one phrase.
    public var engineReason: String
    /// Samples asked for, per second of CPU.
    public var rateHz: Double
    /// Mean user time between two samples of a thread (engine perf).
    public var periodNs: UInt64
    /// CPU time between two ticks of the thread timer.
    public var tickNs: UInt64

    public init(
        command: [String], workingDirectory: String = "", host: String = "", kernel: String = "",
        architecture: String = "", potterVersion: String = "", cause: String = "manual", startNs: UInt64,
        startWallNs: UInt64, endNs: UInt64? = nil, exitStatus: Int32? = nil, engine: Engine,
        engineReason: String = "", rateHz: Double, periodNs: UInt64, tickNs: UInt64
    ) {
        self.command = command
        self.workingDirectory = workingDirectory
        self.host = host
        self.kernel = kernel
        self.architecture = architecture
        self.potterVersion = potterVersion
        self.cause = cause
        self.startNs = startNs
        self.startWallNs = startWallNs
        self.endNs = endNs
        self.exitStatus = exitStatus
        self.engine = engine
        self.engineReason = engineReason
        self.rateHz = rateHz
        self.periodNs = periodNs
        self.tickNs = tickNs
    }
}
