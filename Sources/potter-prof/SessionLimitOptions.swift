// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PotterCapture

/// Limits of the session memory, lowered by tests that fill them; not in the help.
struct SessionLimitOptions: ParsableArguments {
    @Option(help: .private) var limitRing: UInt32?
    @Option(help: .private) var limitStacks: UInt64?
    @Option(help: .private) var limitModules: UInt32?
    @Option(help: .private) var limitThreads: UInt32?
    @Option(help: .private) var limitCopies: UInt32?

    var limits: SessionLimits {
        var limits = SessionLimits()
        limits.ringRecords = limitRing
        limits.arenaWords = limitStacks
        limits.modules = limitModules
        limits.threads = limitThreads
        limits.copies = limitCopies
        return limits
    }
}
