// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// Each counter of the quality line, by the fault that it is there for.
    @Suite struct QualityLine {
        private func record(_ command: [String], limits: [String], engine: String = "timer") -> RecordProcess {
            let run = RecordProcess(
                [RobustBench.program] + command, options: ["-q", "-F", "997", "--engine", engine] + limits)
            let result = run.wait()
            #expect(result.errors.isEmpty, "\(result)")
            let balance = run.number(
                """
                SELECT (SELECT value FROM quality WHERE key='records.written') - (SELECT count(*) FROM sample)
                    - (SELECT value FROM quality WHERE key='lost.bad_record')
                """)
            #expect(balance == 0)
            return run
        }

        /// The report says it in these words.
        private func expect(_ run: RecordProcess, says words: String, at location: SourceLocation = #_sourceLocation) {
            let text = run.report().output
            #expect(text.contains("quality: ") && text.contains(words), "\(text)", sourceLocation: location)
        }

        @Test func aFullRing() {
            let run = record(["busy", "0.5", "2"], limits: ["--limit-ring", "1"], engine: "perf")
            #expect(run.quality("lost.ring_full") > 0)
            expect(run, says: "ring full")
        }

        @Test func aFullStackTable() {
            let run = record(["stacks", "400"], limits: ["--limit-stacks", "300"])
            #expect(run.quality("lost.stack_table_full") > 0)
            #expect(run.number("SELECT count(*) FROM sample") > 0)
            expect(run, says: "stack table full")
        }

        /// With all stacks copied a sample without a slot is lost; else it is unwound as well as it goes.
        @Test func noRoomForACopy() {
            let all = record(["busy", "0.5", "2"], limits: ["--unwind", "libunwind", "--limit-copies", "1"])
            #expect(all.quality("lost.copies_full") > 0 && all.quality("stacks.copied") > 0)
            expect(all, says: "lost (copies full)")

            let library = RobustBench.build("slow_table.c", "-shared", "-fPIC")
            let host = RobustBench.build("slow_table_host.c", "-pthread")
            let some = RecordProcess(
                [host, "0.5", library, "1"], options: ["-q", "-F", "997", "--engine", "timer", "--limit-copies", "1"])
            #expect(some.wait().errors.isEmpty)
            #expect(some.quality("stacks.not_copied") > 0 && some.quality("lost.copies_full") == 0)
            #expect(some.number("SELECT count(*) FROM sample") == some.quality("records.written"))
            expect(some, says: "found no room for a copy")
        }

        @Test func aModuleWithoutSlot() {
            let run = record(["busy", "0.2"], limits: ["--limit-modules", "2"])
            #expect(run.quality("modules.no_slot") > 0)
            expect(run, says: "the table of modules full")
        }

        @Test func aThreadWithoutSlot() {
            let run = record(["busy", "0.1", "5"], limits: ["--limit-threads", "2"])
            #expect(run.quality("threads.no_slot") == 3)
            #expect(run.number("SELECT count(*) FROM thread") == 2)
            expect(run, says: "3 threads were not sampled")
        }

        @Test(arguments: ["perf", "timer"]) func aSignalTaken(engine: String) {
            let run = RecordProcess(
                [RobustBench.program, "handler"], options: ["-q", "-F", "997", "--engine", engine])
            #expect(run.wait().output == "0\n", "the program's handler gets no tick of ours")
            #expect(run.quality("processes.signal_taken") == 1)
            #expect(run.number("SELECT count(*) FROM sample") > 20, "what came before is kept")
            expect(run, says: "1 process handled SIGPROF, ignored it or waited for it")
        }

        @Test(arguments: ["perf", "timer"]) func aSeccompFilter(engine: String) {
            let run = record(["filter"], limits: [], engine: engine)
            #expect(run.quality("processes.seccomp_filter") == 1)
            #expect(run.number("SELECT count(*) FROM sample") > 20, "what came before is kept")
            expect(run, says: "1 process installed a seccomp filter and was not sampled from then on")
        }

        @Test(arguments: ["perf", "timer"]) func aThreadThatBlocksTheSignal(engine: String) {
            let run = record(["blocked", "2.5"], limits: [], engine: engine)
            let names = run.query(
                "SELECT name || ' ' || unsampled_reason FROM thread WHERE unsampled_reason IS NOT NULL")
            #expect(names == ["blocker blocks SIGPROF"])
            expect(run, says: "was not sampled (blocks SIGPROF)")
        }

        @Test func aShortLifeWithTheSignalBlocked() {
            let run = record(["blocked", "0.3"], limits: [], engine: "perf")
            #expect(run.number("SELECT count(*) FROM thread WHERE unsampled_reason = 'blocks SIGPROF'") == 1)
        }

        /// The recorder needs more address space than the program is allowed. Its CPU time is not lost from sight.
        @Test(arguments: ["exec $0 busy 0.4", "($0 busy 0.4); true"]) func limitsThatKeepTheRecorderOut(script: String)
        {
            let run = RecordProcess(["sh", "-c", "ulimit -v 50000; \(script)", RobustBench.program], options: ["-q"])
            #expect(run.wait().output == "done\n")
            let known = run.number("SELECT sum(weight_ns) FROM aggregate") + run.quality("cpu.unrecorded_ns")
            #expect(known > 380_000_000 && known < 600_000_000, "\(known) of 0.4 s")
            expect(run, says: "limited its own address space and was not sampled from then on")
        }

        @Test func nothingMissingIsSaidOfATree() {
            let run = record(["forks", "20", "0.02"], limits: [], engine: "perf")
            let text = run.report().output
            #expect(!text.contains("the recorder is not in") && !text.contains("still running"), "\(text)")
        }

        @Test func aProcessThatIsLeft() {
            let run = RecordProcess([RobustBench.program, "daemon", "1.5"], options: ["-q"])
            _ = run.wait()
            #expect(run.quality("processes.left") == 1)
            expect(run, says: "1 process was still running when the command ended")
        }

        @Test(arguments: ["perf", "timer"]) func anUnwindThatFails(engine: String) {
            let run = record(["nowhere", "0.5"], limits: [], engine: engine)
            #expect(run.query("SELECT key FROM quality WHERE key LIKE 'unwind.failed:%' AND value > 50").count == 1)
            expect(run, says: "of the samples are not known")
        }
    }
}
