// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    /// No call is cut short or interrupted because of Potter: reads and writes of files, pipes, sockets and /dev/zero,
    /// epoll_wait, poll, select, sleeps and futexes, in eleven threads to which nobody else sends a signal.
    @Suite(.serialized) struct InterruptionTests {
        static var users: [RecordedRun.User] {
            Workbench.isRoot && Workbench.isLong ? RecordedRun.User.allCases : [.root]
        }

        @Test(arguments: ["perf", "timer"], users)
        func nothingIsCutShort(engine: String, user: RecordedRun.User) throws {
            let program = try Workbench.compile("accuracy/interruptions.c", as: "interruptions")
            let seconds = Workbench.isLong ? 60 : 5
            let run = try RecordedRun([program, "\(seconds)"], engine: engine, as: user)
            let calls = try run.truth("calls"), wrong = try run.truth("wrong"), cpu = try run.truth("cpu")
            report(
                "interruptions.c by \(engine) as \(user)",
                "\(Int(wrong)) of \(Int(calls)) calls cut short or interrupted, \(run.totals.samples) samples")
            #expect(wrong == 0, "\(run.output)")
            #expect(calls > 1_000 * Double(seconds), "\(run.output)")
            // Each thread made calls, and was interrupted by samples while it did.
            let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("calls_") }
            #expect(lines.count == 11 && lines.allSatisfy { !$0.hasSuffix(" 0") }, "\(run.output)")
            #expect(Double(run.totals.samples) > cpu * (engine == "perf" ? 300 : 50), "\(run.totals.samples)")
        }
    }
}
