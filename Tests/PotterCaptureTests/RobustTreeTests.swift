// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// Processes that come and go: each is listed once, with its parent and its CPU time.
    @Suite(.serialized) struct Trees {
        private func record(
            _ command: [String], engine: String, status: Int32 = 0, launcher: [String] = []
        ) -> RecordProcess {
            let run = RecordProcess(command, options: ["-q", "-F", "997", "--engine", engine], launcher: launcher)
            let result = run.wait()
            #expect(result.status == status && result.errors.isEmpty, "\(engine): \(result)")
            return run
        }

        private func cpuMs(_ run: RecordProcess, _ condition: String = "1") -> Int64 {
            run.number("SELECT coalesce(sum(cpu_ns), 0) / 1000000 FROM process WHERE \(condition)")
        }

        @Test(arguments: ["perf", "timer"]) func threeHundredForks(engine: String) {
            let run = record([RobustBench.program, "forks", "300", "0.004"], engine: engine)
            #expect(run.number("SELECT count(*) FROM process") == 301)
            #expect(run.number("SELECT count(*) FROM process WHERE parent = 1") == 300)
            #expect(run.number("SELECT count(*) FROM process WHERE cpu_ns < 4000000 AND id > 1") == 0, "CPU of each")
            let samples = run.number("SELECT count(*) FROM sample WHERE stack > 0")
            #expect(samples > (engine == "perf" ? 600 : 200), "1.2 s at 997 Hz, or at the kernel's tick: \(samples)")
            #expect(run.quality("processes.no_slot") == 0)
        }

        @Test(arguments: ["perf", "timer"]) func pipelines(engine: String) {
            let burn = "\(RobustBench.program) busy 0.15"
            let script = "\(burn) | cat | cat; (\(burn); \(burn)) & wait; \(burn) | wc -l; exit 4"
            let run = record(["sh", "-c", script], engine: engine, status: 4)
            #expect(run.number("SELECT count(*) FROM process WHERE executable = '\(RobustBench.program)'") == 4)
            #expect((600...900).contains(cpuMs(run, "executable = '\(RobustBench.program)'")), "\(cpuMs(run))")
            #expect(run.number("SELECT count(*) FROM process WHERE parent IS NULL") == 1)
            #expect(run.query("SELECT DISTINCT executable FROM process WHERE executable LIKE '%/cat'").count == 1)
        }

        @Test(arguments: ["perf", "timer"]) func vforkAndSpawn(engine: String) {
            let run = record([RobustBench.program, "spawn", "20", RobustBench.program, "busy", "0.02"], engine: engine)
            #expect(run.number("SELECT count(*) FROM process WHERE parent = 1 AND command LIKE '%busy%'") == 20)
            #expect(cpuMs(run, "id > 1") >= 400)
        }

        @Test(arguments: ["perf", "timer"]) func anExecChainInOneProcess(engine: String) throws {
            let program = RobustBench.program
            let chain = "\(program) exec \(program) exec /bin/sh -c 'exec \(program) busy 0.3'"
            let run = record(["bash", "-c", "\(chain); times"], engine: engine)
            #expect(run.number("SELECT count(DISTINCT pid) FROM process") == 2)
            #expect(run.quality("images") == 5)
            let images = run.query("SELECT executable FROM process WHERE id > 1 ORDER BY id")
            #expect(
                images.count == 5 && images[1] == program && images[2] == program && images[4] == program, "\(images)")
            #expect(run.number("SELECT count(*) FROM sample") > 200)
            // What the shell says of its child: no CPU time is there twice, none is missing.
            let spent = try #require(seconds(run.text("out").split(separator: "\n").last ?? ""))
            let listed = Double(cpuMs(run, "id > 1")) / 1000
            #expect(abs(listed - spent) < 0.03 * spent + 0.02, "listed \(listed), spent \(spent)")
        }

        /// `0m0.123s 0m0.004s` of the shell's `times`, added up.
        private func seconds(_ line: Substring) -> Double? {
            let parts = line.split(whereSeparator: { "ms ".contains($0) }).compactMap { Double($0) }
            return parts.count == 4 ? parts[0] * 60 + parts[1] + parts[2] * 60 + parts[3] : nil
        }

        @Test func aDaemon() {
            let run = record(["sh", "-c", "\(RobustBench.program) daemon 0.4; sleep 1"], engine: "perf")
            let daemon = "executable = '\(RobustBench.program)' AND cpu_ns > 350000000"
            #expect(run.number("SELECT count(*) FROM process WHERE \(daemon)") == 1)
            #expect(run.number("SELECT count(*) FROM sample") > 300)
        }

        @Test func aDaemonThatDropsRoot() {
            guard RobustBench.isRoot else { return }
            let program = RobustBench.program
            let run = record(
                ["sh", "-c", "\(program) daemon 0.2 \(program) drop \(program) busy 0.2; sleep 1.5"], engine: "perf")
            #expect(
                run.number("SELECT count(*) FROM process WHERE command = '\(program) busy 0.2' AND cpu_ns > 190000000")
                    == 1)
            #expect(run.number("SELECT count(DISTINCT thread) FROM sample") >= 4, "daemon, drop, its child, busy")
        }

        @Test(arguments: ["perf", "timer"]) func aProgramThatDropsRoot(engine: String) throws {
            guard RobustBench.isRoot else { return }
            let run = record(
                [RobustBench.program, "drop", RobustBench.program, "busy", "0.2"], engine: engine, status: 7)
            #expect(run.number("SELECT count(*) FROM process") == 3)
            #expect(run.number("SELECT count(*) FROM process WHERE cpu_ns > 90000000") == 3)
            #expect(run.number("SELECT count(DISTINCT thread) FROM sample") == 3, "each is sampled")
        }

        @Test(arguments: ["perf", "timer"]) func asAnotherUser(engine: String) {
            guard RobustBench.isRoot else { return }
            let run = record(
                [RobustBench.program, "busy", "0.3", "2"], engine: engine, status: 7, launcher: RobustBench.nobody)
            #expect(run.number("SELECT count(*) FROM sample") > (engine == "perf" ? 400 : 50))
            #expect(run.number("SELECT count(DISTINCT thread) FROM sample") == 2)
        }
    }
}
