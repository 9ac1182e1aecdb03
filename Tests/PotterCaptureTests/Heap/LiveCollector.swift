// SPDX-License-Identifier: Apache-2.0
// A collector in the test's own process, so that a test can do with a running target what no verb does yet.
import CPotterSys
import CPotterWire
import Foundation
import PotterRecording

@testable import PotterCapture

final class LiveCollector {
    let collector: Collector
    let pid: Int32
    private let directory: String
    private let target = TargetIdentity()

    init(_ command: [String], directory: String) throws {
        self.directory = directory
        _ = Workbench.potter  // and its libraries, where everybody may load them
        var options = RecordOptions(command: command.map { CommandWord($0) })
        options.output = directory + "/live.potter"
        options.preloadLibrary = Workbench.directory + "/libPotterPreload.so"
        let settings = try SamplingSettings(options)
        let memory = try CollectorMemory()
        let writer = try RecordingWriter(
            path: options.output, run: RecordRun.describe(options, settings), maxBytes: nil)
        collector = try Collector(settings: settings, writer: writer, memory: memory)
        let header = settings.sessionHeader(follow: true, limits: options.limits)
        let target = self.target
        try collector.server.start(
            store: collector.store, bell: collector.bell, header: header, accepts: { pid, _ in target.isFirst(pid) })
        let launch = try CommandLaunch(command: options.command)
        let server = collector.server
        pid = try server.whilePaused {
            try launch.start(
                session: server.socketPath, preload: try PreloadLibrary.find(override: options.preloadLibrary))
        }
        target.set(pid)
        try collector.begin()
    }

    /// Collects until `isDone`, at most a minute. Returns whether it was.
    func turn(until isDone: () throws -> Bool) throws -> Bool {
        let deadline = Date(timeIntervalSinceNow: 60)
        while try !isDone() {
            guard Date() < deadline else { return false }
            try collector.turn(limitNs: 5_000_000)
        }
        return true
    }

    var session: TargetSession? { collector.sessions.first }

    /// Freezes the target's only process.
    func freeze(serve: Bool = false) throws -> FrozenProcess {
        guard let session, let process = session.processes[0] else {
            throw Workbench.Failure(description: "the target said no hello")
        }
        let slots = Dictionary(uniqueKeysWithValues: session.threads.values.map { ($0.tid, $0.slot) })
        return try FreezeOrder.freeze(
            process, in: session.memory, threads: slots, signal: SIGPROF, patienceNs: 2_000_000_000, serve: serve)
    }

    /// Waits for the target's end; its status as a shell has it.
    func end() throws -> Int32 {
        var supervisor = ChildSupervisor(pid: pid)
        _ = try turn {
            supervisor.look()
            return supervisor.hasEnded
        }
        try collector.stop()
        supervisor.reap()
        return supervisor.status
    }
}
