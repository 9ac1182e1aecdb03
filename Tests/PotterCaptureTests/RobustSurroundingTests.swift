// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// Stacks and namespaces that are not the usual ones.
    @Suite struct Surroundings {
        /// libdw needs more than 160 KiB of stack, whatever `ulimit -s` says.
        @Test(arguments: ["64", "160"]) func smallStacks(kilobytes: String) throws {
            let limited = ["sh", "-c", "ulimit -s \(kilobytes); exec \"$@\"", "sh"]
            let run = RecordProcess([RobustBench.program, "busy", "0.3"], launcher: limited)
            #expect(run.wait().status == 7)  // what `busy` ends with
            #expect(run.number("SELECT finished FROM run") == 1)
            for verb in ["report", "findings"] {
                let read = RecordProcess(plain: limited + [RobustBench.potter, verb, "-i", run.recording]).wait()
                #expect(read.status == 0 && !read.output.isEmpty, "\(read)")
            }
        }

        /// A thread of another PID namespace claims the number that it has there. /proc and perf want ours.
        @Test(.enabled(if: getuid() == 0, "makes a PID namespace"), arguments: ["perf", "timer"])
        func otherNamespaces(engine: String) throws {
            let run = RecordProcess(
                ["unshare", "-pf", "--mount-proc", RobustBench.program, "busy", "1"],
                options: ["-q", "-F", "997", "--engine", engine])
            #expect(run.wait().status == 7)  // what `busy` ends with
            #expect(run.query("SELECT unsampled_reason FROM thread WHERE unsampled_reason IS NOT NULL") == [])
            let busy = "thread JOIN process ON process.id=thread.process WHERE executable='\(RobustBench.program)'"
            let (cpu, sampled) = (
                run.number("SELECT sum(thread.cpu_ns) FROM \(busy)"),
                run.number(
                    """
                    SELECT sum(weight_ns) FROM thread_total WHERE kind IN (1, 2, 7, 8) AND thread IN
                    (SELECT thread.id FROM \(busy))
                    """)
            )
            #expect(cpu > 100_000_000 && Double(sampled) > 0.8 * Double(cpu), "\(sampled) of \(cpu)")
        }
    }
}
