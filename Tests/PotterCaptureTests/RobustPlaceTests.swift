// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// Where a recording goes, and what is there already.
    @Suite struct Places {
        private let place = RecordProcess(plain: ["true"])

        private func record(to path: String, _ command: [String] = ["true"]) -> RecordProcess {
            RecordProcess(command, output: path)
        }

        @Test func whatIsNoRecordingStays() throws {
            let path = place.scratch + "/precious.txt"
            try "words".write(toFile: path, atomically: true, encoding: .utf8)
            let result = record(to: path).wait()
            #expect(result.status == 1 && result.lines.count == 1, "\(result)")
            #expect(result.errors.contains("not a recording") && result.errors.contains("-o"), "\(result)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "words")
            #expect(!FileManager.default.fileExists(atPath: path + ".old"))
        }

        @Test func whatIsNoRecordingStaysAsOldToo() throws {
            let path = place.scratch + "/a.potter"
            #expect(record(to: path).wait().status == 0)
            try "words".write(toFile: path + ".old", atomically: true, encoding: .utf8)
            #expect(record(to: path).wait().status == 1)
            #expect(try String(contentsOfFile: path + ".old", encoding: .utf8) == "words")
        }

        @Test func anOlderRecordingIsKept() throws {
            let path = place.scratch + "/b.potter"
            #expect(record(to: path, ["true"]).wait().status == 0)
            #expect(record(to: path, ["false"]).wait().status == 1)
            for (file, command) in [(path, "false"), (path + ".old", "true")] {
                let report = RecordProcess(plain: [RobustBench.potter, "report", "-i", file]).wait()
                #expect(report.output.hasPrefix(command), "\(report)")
            }
        }

        @Test func aSymbolicLinkIsFollowed() throws {
            let (file, link) = (place.scratch + "/real.potter", place.scratch + "/link.potter")
            symlink(file, link)
            #expect(record(to: link).wait().errors.contains("leads nowhere"))
            FileManager.default.createFile(atPath: file, contents: nil)
            #expect(record(to: link).wait().status == 0)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
            #expect(RecordProcess(plain: [RobustBench.potter, "report", "-i", file]).wait().status == 0)
        }

        @Test(arguments: ["/dev/null", "/dev/stdout", "/proc/self/fd/1", "."]) func noFile(path: String) {
            let result = record(to: path).wait()
            #expect(result.status == 1 && result.lines.count == 1 && result.output.isEmpty, "\(result)")
        }

        @Test func twoRecordersNeverWriteOneFile() throws {
            let path = place.scratch + "/shared.potter"
            let first = record(to: path, [RobustBench.program, "busy", "3"])
            _ = try #require(first.target())
            let second = record(to: path).wait()
            #expect(second.status == 1 && second.errors.contains("another potter-prof is recording"), "\(second)")
            #expect(first.wait().status == 7 && first.text("err").isEmpty)
            let report = RecordProcess(plain: [RobustBench.potter, "report", "-i", path]).wait()
            #expect(report.status == 0 && report.output.contains("busy"), "\(report)")
        }
    }

    /// What the command is given, and what counts of it.
    @Suite struct Commands {
        private let place = RecordProcess(plain: ["true"])

        @Test func argumentsKeepTheirBytes() throws {
            let script = """
                cp /usr/bin/env "$(printf 'prog\\377')"
                '\(RobustBench.potter)' record -q -o r.potter -- "./$(printf 'prog\\377')" \
                    "$(printf 'NAME=\\303\\050\\376')" printf '%s' "$(printf 'a\\377\\376|b')" | od -An -tx1
                """
            let result = RecordProcess(plain: ["sh", "-c", "cd \(place.scratch); " + script]).wait()
            #expect(result.output == " 61 ff fe 7c 62\n", "\(result)")
        }

        @Test func wordsAreTheCommands() {
            let script = ["sh", "-c", "echo $#; echo $1 $2 $3 $4", "x", "1", "--", "-F", "-q"]
            for dashes in [[], ["--"]] {
                let run = RecordProcess(
                    plain: [RobustBench.potter, "record", "-q", "-o", place.scratch + "/w.potter"] + dashes + script)
                #expect(run.wait().output == "4\n1 -- -F -q\n")
            }
            let many = RecordProcess(["sh", "-c", "echo $#", "x"] + (1...9_000).map(String.init))
            #expect(many.wait(seconds: 10).output == "9000\n", "each word used to cost more than the one before it")
        }

        @Test func environmentKeepsItsBytes() {
            let result = RecordProcess(plain: [
                "sh", "-c",
                "X=$(printf 'v\\377') '\(RobustBench.potter)' record -q -o \(RobustBench.directory)/e.potter -- "
                    + "sh -c 'printf %s \"$X\"' | od -An -tx1",
            ]).wait()
            #expect(result.output == " 76 ff\n", "\(result)")
        }

        /// CPU time before sampling begins is nobody's.
        @Test(arguments: ["perf", "timer"]) func aDelayDoesNotCount(engine: String) {
            let run = RecordProcess(
                [RobustBench.program, "busy", "2"],
                options: ["-q", "-F", "997", "--engine", engine, "-D", "1000"])
            #expect(run.wait().status == 7)
            let all = run.number("SELECT sum(weight_ns) FROM aggregate")
            let rest = run.number("SELECT sum(weight_ns) FROM aggregate WHERE kind=3")
            #expect(all > 0 && all < 1_500_000_000, "\(all) ns of 2 s: 1 s was before")
            #expect(rest < all / 5, "\(rest) of \(all) ns are [unattributed]")
            #expect(run.number("SELECT end_ns - start_ns FROM run") < 1_900_000_000)
        }
    }
}
