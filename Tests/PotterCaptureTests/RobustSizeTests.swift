// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// `--max-size`.
    @Suite struct Sizes {
        /// What a recording takes, with all that lies beside it.
        private func size(of path: String) -> Int {
            ["", "-wal", "-shm", "-journal"].reduce(0) { sum, companion in
                var status = stat()
                return stat(path + companion, &status) == 0 ? sum + Int(status.st_size) : sum
            }
        }

        @Test(arguments: ["perf", "timer"]) func theProgramGoesOn(engine: String) {
            let run = RecordProcess(
                ["sh", "-c", "\(RobustBench.program) stacks 2500; echo the end; exit 3"],
                options: ["-q", "-F", "9999", "--engine", engine, "--max-size", "1M"])
            var worst = 0
            while run.isRunning {
                worst = max(worst, size(of: run.recording))
                usleep(1_000)
            }
            let result = run.wait()
            #expect(result.status == 3 && result.output == "the end\n", "\(result)")
            #expect(worst <= 1 << 20 && size(of: run.recording) <= 1 << 20, "\(worst)")
            guard engine == "perf" else { return }  // the tick is too slow to fill it
            #expect(result.lines.count == 1 && result.errors.contains("reached --max-size after"), "\(result)")
            #expect(worst > 400_000, "\(worst)")
            #expect(run.quality("ended.max_size") == 1 << 20 && run.quality("lost.size_limit") == 0)
            #expect(run.number("SELECT finished FROM run") == 1)
            // Complete until then.
            let cpu = run.number("SELECT sum(cpu_ns) FROM thread")
            #expect(run.number("SELECT sum(weight_ns) FROM sample WHERE kind=1") > cpu * 9 / 10)
            #expect(run.number("SELECT sum(weight_ns) FROM aggregate WHERE kind=3") < cpu / 10)
            let text = run.report().output
            #expect(text.contains("the recording ended at its --max-size (1,048,576 bytes)"), "\(text)")
            #expect(text.contains("burn"), "\(text)")
        }

        @Test(arguments: ["10", "1023K", "ten", "5X", "-1", "99999999999999999999"]) func whatIsNoSize(size: String) {
            let result = RecordProcess(["true"], options: ["--max-size", size]).wait()
            #expect(result.status == 2 && result.lines.count == 1 && result.errors.contains("--max-size"), "\(result)")
        }
    }
}
