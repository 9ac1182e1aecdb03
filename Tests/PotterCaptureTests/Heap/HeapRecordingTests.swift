// SPDX-License-Identifier: Apache-2.0
// Tests/Programs/heap/known.c says what its functions allocate; the recording of its heap must say the same.
import Foundation
import Testing

extension RobustTests {
    @Suite struct HeapRecording {
        static let program = RobustBench.build("heap/known.c", "-pthread", "-D_GNU_SOURCE", "-Wall", "-Werror")

        private struct Known {
            var function: String
            var blocks, bytes, freed, freedBytes, temporary: UInt64
        }
        private static let known = [
            Known(function: "keep_blocks", blocks: 1000, bytes: 100_000, freed: 0, freedBytes: 0, temporary: 0),
            Known(function: "drop_half", blocks: 600, bytes: 90_000, freed: 300, freedBytes: 45_000, temporary: 0),
            Known(
                function: "temporary_blocks", blocks: 5000, bytes: 320_000, freed: 5000, freedBytes: 320_000,
                temporary: 5000),
            Known(function: "grow", blocks: 300, bytes: 700_000, freed: 200, freedBytes: 300_000, temporary: 200),
            Known(function: "align_blocks", blocks: 30, bytes: 18_360, freed: 0, freedBytes: 0, temporary: 0),
            Known(function: "in_thread", blocks: 1000, bytes: 200_000, freed: 200, freedBytes: 40_000, temporary: 0),
            Known(function: "in_child", blocks: 40, bytes: 2800, freed: 10, freedBytes: 700, temporary: 0),
        ]

        private func expect(_ known: [Known], in heap: HeapDocument) {
            for known in known {
                guard let counts = heap[known.function]?.`self` else {
                    Issue.record("\(known.function) is missing: \(heap.functions.map(\.function))")
                    continue
                }
                #expect(counts.allocatedBlocks == known.blocks, "\(known.function)")
                #expect(counts.allocatedBytes == known.bytes, "\(known.function)")
                #expect(counts.freedBlocks == known.freed, "\(known.function)")
                #expect(counts.freedBytes == known.freedBytes, "\(known.function)")
                #expect(counts.liveBlocks == known.blocks - known.freed, "\(known.function)")
                #expect(counts.liveBytes == known.bytes - known.freedBytes, "\(known.function)")
                #expect(counts.temporaryBlocks == known.temporary, "\(known.function)")
                #expect(counts.liveBytesDeviation == 0 && counts.samples == 0, "\(known.function)")
            }
            for (key, value) in heap.quality { #expect(value == 0, "\(key)") }
        }

        private func record(_ what: [String], mode: String, launcher: [String] = []) -> RecordProcess {
            let run = RecordProcess(
                [Self.program] + what, options: ["-q", "--heap", mode], launcher: launcher)
            let result = run.wait()
            #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
            return run
        }

        /// As the user who runs the tests, and as one without rights.
        @Test(arguments: RobustBench.isRoot ? [[], RobustBench.nobody] : [[]])
        func exactIsExactByFunction(launcher: [String]) throws {
            let run = record(["exact"], mode: "exact", launcher: launcher)
            let heap = try HeapDocument.of(run)
            #expect(heap.version == 1 && heap.mode == "exact")
            expect(Self.known, in: heap)
            let main = try #require(heap["main"])
            // in_thread is called by a thread, the rest by main, in_child in a copy of it.
            let below = Self.known.filter { $0.function != "in_thread" }
            #expect(main.total.allocatedBytes >= below.reduce(0) { $0 + $1.bytes })
            #expect(run.number("SELECT count(*) FROM process") == 2)
            let inherited = run.query(
                "SELECT sum(b), sum(y) FROM (SELECT max(inherited_blocks) b, max(inherited_bytes) y FROM heap_point "
                    + "GROUP BY site)")
            #expect(inherited == ["20|2000"], "the child freed 20 blocks of its parent's, of 100 bytes")
        }

        /// A block is the program's function's, below `operator new`, containers and Swift's runtime.
        @Test func blocksOfLibrariesAreTheirCallers() throws {
            let cpp = RobustBench.build("heap/known.cc", compiler: "g++")
            let run = RecordProcess([cpp], options: ["-q", "--heap", "exact"])
            #expect(run.wait().status == 0)
            let heap = try HeapDocument.of(run)
            let strings = try #require(heap["keep_strings()"]).`self`
            #expect(strings.allocatedBlocks == 101 && strings.liveBytes == 13_300, "\(strings)")
            let objects = try #require(heap["drop_objects()"]).`self`
            #expect(objects.allocatedBytes == 50 * 48 && objects.liveBytes == 30 * 48, "\(objects)")

            let swift = try Workbench.compile("heap/known.swift", ["-g"], as: "known-swift")
            let swiftRun = RecordProcess([swift], options: ["-q", "--heap", "exact"])
            #expect(swiftRun.wait().status == 0)
            let nodes = try #require(try HeapDocument.of(swiftRun)["keepNodes()"]).total
            #expect(nodes.allocatedBlocks == 1_001 && nodes.liveBytes == 40_032, "\(nodes)")
        }

        /// The views tell the same: what functions ask for themselves adds up to the sum, folded stacks as well.
        @Test func viewsAddUp() throws {
            let run = record(["exact"], mode: "exact")
            let folded = RecordProcess(plain: [RobustBench.potter, "heap", "-i", run.recording, "--folded"]).wait()
            let heap = try HeapDocument.of(run)
            let bytes = folded.output.split(separator: "\n").compactMap {
                $0.split(separator: " ").last.flatMap { UInt64($0) }
            }
            #expect(bytes.reduce(0, +) == heap.total.liveBytes)
            #expect(heap.functions.reduce(0) { $0 + $1.`self`.liveBytes } == heap.total.liveBytes)
            #expect(heap.functions.reduce(0) { $0 + $1.`self`.allocatedBytes } == heap.total.allocatedBytes)
            #expect(folded.output.contains("main;") && folded.output.contains(";keep_blocks"))
            let peak = try #require(heap.timeline.map(\.liveBytes).max())
            let byPeak = try HeapDocument.of(run, ["--by", "peak"])
            #expect(byPeak.functions.reduce(0) { $0 + $1.peakSelfBytes } == peak)
            let text = RecordProcess(plain: [RobustBench.potter, "heap", "-i", run.recording, "--tree"]).wait()
            #expect(text.status == 0 && text.output.contains("heap quality: good") && text.output.contains("grow"))
        }

        /// Each of 20 functions within 5 standard deviations, three quarters of them within the 95 % interval.
        @Test func sampledIsWithinItsInterval() throws {
            let run = record(["sampled"], mode: "sampled")
            let heap = try HeapDocument.of(run)
            #expect(heap.mode == "sampled" && heap.total.samples > 100)
            var inside = 0
            for number in 0..<20 {
                let bytes = Double(400 * (4 + number) * 1024)
                let counts = heap["asks_\(number)"]?.`self`
                let deviation = counts?.allocatedBytesDeviation ?? 0
                let distance = abs(Double(counts?.allocatedBytes ?? 0) - bytes)
                // What no sample met has no deviation of its own; the true one is known.
                let interval = 512.0 * 1024
                let truth = (bytes * interval).squareRoot()
                #expect(distance < 5 * truth, "asks_\(number): \(counts?.allocatedBytes ?? 0) of \(bytes)")
                if distance <= 1.96 * deviation { inside += 1 }
            }
            print("heap sampled: \(inside) of 20 within their interval, \(heap.total.samples) samples")
            #expect(inside >= 13)
            let live = Double((0..<20).reduce(0) { $0 + 200 * (4 + $1) * 1024 })
            #expect(abs(Double(heap.total.liveBytes) - live) < 5 * heap.total.liveBytesDeviation)
            for (key, value) in heap.quality { #expect(value == 0, "\(key)") }
        }

        @Test func withoutHeapThereIsOneClearError() {
            let run = RecordProcess([Self.program, "exact"])
            #expect(run.wait().status == 0)
            let result = RecordProcess(plain: [RobustBench.potter, "heap", "-i", run.recording]).wait()
            #expect(result.status == 1 && result.output.isEmpty && result.lines.count == 1, "\(result)")
            #expect(result.errors.contains("was not recorded") && result.errors.contains("record --heap exact"))
        }

        @Test func aKilledRecorderLeavesAHeap() throws {
            let made = RobustBench.directory + "/made-\(UUID().uuidString)"
            let run = RecordProcess(
                [Self.program, "wait", made], options: ["-q", "--heap", "exact"])
            let target = try #require(run.target())
            defer { kill(target, SIGKILL) }
            let all = run.poll { FileManager.default.fileExists(atPath: made) ? true : nil }
            #expect(all == true)
            // in_thread is the last: once it is in the file, all before it are.
            let sql = "SELECT count(*) FROM heap_point WHERE blocks = 1000 AND freed_blocks = 200"
            let written = run.poll { run.number(sql) > 0 ? true : nil }
            #expect(written == true)
            kill(run.pid, SIGKILL)
            #expect(run.wait().status == 128 + SIGKILL)
            expect(Self.known.filter { $0.function != "in_child" }, in: try HeapDocument.of(run))
        }

        /// `--heap` takes none of the command's words.
        @Test(arguments: [
            (["--heap", "--"], "sampled"), (["--heap", "-q", "--"], "sampled"), (["--heap"], "sampled"),
            (["--heap=exact", "--"], "exact"), (["--heap", "exact"], "exact"), (["--heap", "off", "--"], ""),
        ])
        func theOptionAndTheCommand(words: [String], mode: String) throws {
            let output = RobustBench.directory + "/option-\(UUID().uuidString)"
            let start = [RobustBench.potter, "record", "-o", output, "-q"]
            let run = RecordProcess(plain: start + words + ["/bin/echo", "--heap", "exact"])
            let result = run.wait()
            #expect(result.status == 0 && result.output == "--heap exact\n", "\(result)")
            let sql = "SELECT value FROM quality WHERE key = 'heap.mode'"
            let stored = RecordProcess(plain: ["sqlite3", output, sql]).wait()
            #expect(stored.output == (mode.isEmpty ? "" : mode + "\n"))
        }

        @Test func anUnknownModeIsNamed() {
            let result = RecordProcess(plain: [RobustBench.potter, "record", "--heap=all", "--", "true"]).wait()
            #expect(result.status == 2 && result.lines.count == 1 && result.errors.contains("all"), "\(result)")
        }
    }
}
