// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import Foundation
import Testing

extension RobustTests {
    @Suite struct Kill {
        /// What the rings say was written, and what there was no room for, is in the recording or counted.
        private func expectBalance(_ run: RecordProcess, _ context: String) {
            let written = run.quality("records.written")
            let kept = run.number("SELECT count(*) FROM sample")
            let bad = run.quality("lost.bad_record")
            #expect(written == kept + bad, "\(context): written \(written), kept \(kept), bad \(bad)")
            #expect(bad == 0, "\(context)")
        }

        @Test(arguments: ["perf", "timer"]) func theTargetAtRandomMoments(engine: String) throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("kill: engine \(engine), seed \(seed)")
            var generator = RobustGenerator(seed: seed)
            var samples: Int64 = 0
            var (killed, ended) = (0, 0)
            for round in 0..<50 {
                let lifeMs = Int.random(in: 10...200, using: &generator)
                let run = RecordProcess(
                    [RobustBench.program, "busy", "\(Double(lifeMs) / 1000)", "4"],
                    options: ["-q", "-F", "1997", "--engine", engine])
                guard let target = run.target() else { continue }
                usleep(UInt32.random(in: 0...UInt32(lifeMs * 2000), using: &generator))
                if run.children(of: run.pid).contains(target) { kill(target, SIGKILL) }
                let result = run.wait()
                #expect([137, 7].contains(result.status), "round \(round): \(result)")
                #expect(result.errors.isEmpty || result.errors.contains("nothing was recorded"), "\(result.errors)")
                if result.status == 137 { killed += 1 } else { ended += 1 }
                expectBalance(run, "round \(round)")
                let report = run.report()
                #expect(report.status == 0 && report.output.contains("quality:"), "\(report)")
                samples += run.number("SELECT count(*) FROM sample")
            }
            print("kill: engine \(engine), \(killed) killed, \(ended) ended, \(samples) samples")
            #expect(killed >= 30 && samples > 100)
        }

        /// The next recorder of the same user removes what a killed one left, and nothing of one that lives.
        @Test func theDirectoryOfAKilledPotter() throws {
            func directory(_ run: RecordProcess) throws -> String {
                let target = try #require(run.target())
                usleep(200_000)
                let bytes = try Data(contentsOf: URL(filePath: "/proc/\(target)/environ"))
                let entry = try #require(
                    bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                        .first { $0.hasPrefix("POTTER_SESSION=") })
                return String(entry.dropFirst("POTTER_SESSION=".count).dropLast("/socket".count))
            }
            let killed = RecordProcess([RobustBench.program, "busy", "3"], options: ["-q"])
            let living = RecordProcess([RobustBench.program, "busy", "3"], options: ["-q"])
            let (stale, used) = (try directory(killed), try directory(living))
            kill(killed.pid, SIGKILL)
            _ = killed.wait()
            #expect(FileManager.default.fileExists(atPath: stale))
            _ = RecordProcess(["true"], options: ["-q"]).wait()
            #expect(!FileManager.default.fileExists(atPath: stale))
            #expect(FileManager.default.fileExists(atPath: used + "/socket"))
            #expect(living.wait().status == 7, "what the program ends with")
            #expect(!FileManager.default.fileExists(atPath: used))
        }

        @Test(arguments: ["perf", "timer"]) func thePotter(engine: String) throws {
            let run = RecordProcess(
                ["sh", "-c", "\"$0\" busy 7 2; echo status $?; grep SigIgn /proc/self/status", RobustBench.program],
                options: ["-q", "-F", "997", "--engine", engine],
                launcher: ["sh", "-c", "\"$@\" & echo $! > pid; wait", "sh"])
            usleep(2_600_000)
            let potter = try #require(Int32(run.text("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
            let target = try #require(run.children(of: potter).first)
            let busy = try #require(run.children(of: target).first)
            kill(potter, SIGKILL)
            usleep(2_500_000)  // the heartbeat is stale after 2 s
            let before = try #require(RobustMemory.counter(PP_COUNT_STALE.rawValue, pid: busy))
            usleep(1_000_000)
            let after = try #require(RobustMemory.counter(PP_COUNT_STALE.rawValue, pid: busy))
            print("kill: signals in a second after the recorder's death: \(after - before)")
            #expect(after - before <= 6, "two threads, a slow tick each half second of CPU")
            while kill(target, 0) == 0 { usleep(10_000) }
            _ = run.wait()
            let lines = run.text("out").split(separator: "\n")
            #expect(lines.prefix(2) == ["done", "status 7"] && run.text("err").isEmpty)
            // What is executed now finds no collector; its SIGPROF is not ignored for our sake.
            let ignored = lines.last.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) }
            #expect(ignored.map { $0 >> UInt64(SIGPROF - 1) & 1 } == 0, "\(lines)")
            expectReport(run)
        }

        private func expectReport(_ run: RecordProcess) {
            chmod(run.recording, 0o444)
            for name in ["in a copy", "in place", "again"] {
                if name == "in place" { chmod(run.recording, 0o644) }
                let launcher = name == "in a copy" && RobustBench.isRoot ? RobustBench.nobody : []
                let report = RecordProcess(
                    plain: launcher + [RobustBench.potter, "report", "-i", run.recording, "--json"]
                ).wait()
                #expect(report.status == 0 && report.output.contains("\"name\": \"burn\""), "\(name): \(report)")
                #expect(report.output.contains("\"recovered\": 1"), "\(name)")
            }
            #expect(
                run.number("SELECT count(*) FROM sample") > 50,
                "1.6 s of two threads on a busy machine, the kernel's tick at least")
        }
    }
}
