// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// Signals, the terminal, and what potter-prof says where.
    @Suite struct Signals {
        /// What a shell on a terminal shows; `POTTER` and `ROBUST` in the steps stand for the programs.
        private func terminal(_ steps: String...) -> (run: RecordProcess, text: String) {
            let recording = RecordProcess(plain: ["true"])
            let steps = steps.map {
                $0.replacing("POTTER", with: "\(RobustBench.potter) record -F 997 -o \(recording.recording)")
                    .replacing("ROBUST", with: RobustBench.program)
            }
            let script = RobustBench.repository + "/Tests/Programs/terminal.py"
            let result = RecordProcess(plain: ["python3", script, "wait:\\$ "] + steps).wait()
            #expect(result.status == 0, "\(result.output)")
            return (recording, result.output)
        }

        @Test func aSignalToPotterIsForwardedOnce() {
            let run = RecordProcess([RobustBench.program, "catch"])
            #expect(run.poll { run.text("out").contains("ready") ? 1 : nil } == 1)
            kill(run.pid, SIGTERM)
            let result = run.wait()
            #expect(result.output == "ready\nINT 0 TERM 1\n" && result.status == 3, "\(result)")
            #expect(run.number("SELECT exit_status FROM run") == 3)
        }

        @Test func aStopAndItsEndReachTheCommand() throws {
            let run = RecordProcess([RobustBench.program, "busy", "20"])
            let target = try #require(run.target())
            func state(_ pid: Int32) -> Character? {
                let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
                return text?.split(separator: ")").last?.dropFirst().first
            }
            kill(run.pid, SIGTSTP)
            #expect(run.poll { state(target) == "T" && state(run.pid) == "T" ? 1 : nil } == 1)
            kill(run.pid, SIGCONT)
            #expect(run.poll { state(target) == "R" ? 1 : nil } == 1)
            kill(run.pid, SIGTERM)
            #expect(run.wait().status == 143)
        }

        @Test func aSignalThatEndsTheCommand() throws {
            let run = RecordProcess([RobustBench.program, "busy", "20"])
            _ = try #require(run.target())
            usleep(700_000)
            kill(run.pid, SIGTERM)
            #expect(run.wait().status == 143)
            #expect(run.number("SELECT count(*) FROM sample") > 50 && run.report().status == 0)
        }

        @Test func controlCReachesTheCommandOnce() {
            let (_, caught) = terminal(
                "type:POTTER -q -- ROBUST catch\\n", "wait:ready", "type:\\x03", "wait:INT 1 TERM 0", "wait:\\$ ",
                "type:echo status $?\\n", "wait:status 3")
            #expect(!caught.contains("INT 2"))
            let (run, quiet) = terminal(
                "type:POTTER -- ROBUST busy 20\\n", "sleep:1.5", "type:\\x03", "wait:samples?, 0 lost, engine",
                "wait:\\$ ",
                "type:echo status $?\\n", "wait:status 130")
            #expect(run.number("SELECT count(*) FROM sample") > 50 && run.number("SELECT finished FROM run") == 1)
            #expect(!quiet.contains("\u{1b}[K"), "nothing is drawn over the command's own terminal")
        }

        @Test func nothingIsDrawnOverAProgramThatTookTheTerminal() {
            let (_, text) = terminal(
                "type:POTTER -v -- sh -c 'stty -icanon; echo taken; sleep 1.5; stty icanon; echo given'\\n",
                "wait:\r\ntaken", "wait:\r\ngiven", "wait:samples?, ", "wait:\\$ ")
            let taken = text.components(separatedBy: "\r\ntaken").last?.components(separatedBy: "\r\ngiven").first
            #expect(taken?.contains("\u{1b}[K") == false, "\(text)")
        }

        @Test func controlZAndForeground() {
            let (run, text) = terminal(
                "type:POTTER -v -- ROBUST busy 3\\n", "sleep:1", "type:\\x1a", "wait:Stopped", "wait:\\$ ", "sleep:2.5",
                "type:fg\\n", "wait:done", "wait:samples?, ", "wait:\\$ ", "type:echo status $?\\n", "wait:status 7")
            #expect(text.contains("\r\u{1b}[Kpotter-prof: "), "a progress line on a terminal")
            #expect(run.number("SELECT sum(weight_ns) / 100000000 FROM sample") > 23, "of 3 s; no half of it is lost")
        }

        @Test func aDurationEndsSamplingAlone() {
            let run = RecordProcess([RobustBench.program, "busy", "2"], options: ["-F", "997", "-d", "0.5"])
            let result = run.wait()
            #expect(result.status == 7 && result.output == "done\n", "\(result)")
            let (count, span) = (
                run.number("SELECT count(*) FROM sample"), run.number("SELECT max(time_ns) - min(time_ns) FROM sample")
            )
            #expect(count > 50 && span > 300_000_000 && span < 700_000_000, "\(count) samples in \(span) ns")
            #expect(run.report().status == 0)
        }

        @Test func aDelay() {
            let run = RecordProcess([RobustBench.program, "busy", "1.5"], options: ["-q", "-F", "997", "-D", "1000"])
            #expect(run.wait().status == 7)
            let first = run.number("SELECT (SELECT min(time_ns) FROM sample) - (SELECT start_ns FROM process)")
            #expect(first > 900_000_000 && first < 1_500_000_000, "\(first) ns")
            let begin = run.number("SELECT (SELECT min(time_ns) FROM sample) - (SELECT start_ns FROM run)")
            #expect(begin > 0 && begin < 400_000_000, "the run begins with sampling, \(begin) ns before the first")
        }

        @Test func withoutChildren() {
            let children = ["sh", "-c", "\(RobustBench.program) busy 0.3; exit 5"]
            let run = RecordProcess(children, options: ["-q", "-F", "997", "--no-inherit"])
            #expect(run.wait().status == 5)
            #expect(run.number("SELECT count(*) FROM process") == 1)
        }

        @Test func whatIsSaidWhere() {
            func said(_ options: String...) -> RecordProcess.Result {
                RecordProcess(["sh", "-c", "echo out; echo err >&2"], options: options).wait()
            }
            let quiet = said("-q")
            #expect(quiet.output == "out\n" && quiet.errors == "err\n")
            let plain = said()
            #expect(plain.output == "out\n" && plain.lines.count == 2 && !plain.errors.contains("\r"), "\(plain)")
            #expect(
                plain.lines.last?.hasPrefix("potter-prof: ") == true && plain.errors.contains("engine "), "\(plain)")
            let verbose = said("-v")
            #expect(verbose.output == "out\n" && verbose.errors.contains("1 program image, 1 process,"), "\(verbose)")
        }

        @Test func standardInputPassesThrough() {
            let file = RecordProcess(["cat"], input: "a\nb\n").wait()
            #expect(file.output == "a\nb\n" && file.errors.isEmpty)
            let pipe = RecordProcess(["cat"], launcher: ["sh", "-c", "echo piped | \"$@\"", "sh"])
            #expect(pipe.wait().output == "piped\n")
            let (_, text) = terminal(
                "type:POTTER -q -- head -n 1\\n", "sleep:0.5", "type:typed\\n", "wait:typed\\r\\ntyped")
            #expect(text.contains("typed"))
        }

        @Test func nobodyReadsTheMessages() {
            let run = RecordProcess(
                [RobustBench.program, "busy", "0.2"], options: [],
                launcher: ["sh", "-c", "\"$@\" 2>&- ; echo $?", "sh"])
            #expect(run.wait().output == "done\n7\n")
            let script = "{ \"$@\" 2>&1; echo $? > status; } | true"
            let gone = RecordProcess(
                [RobustBench.program, "busy", "0.2"], options: [], launcher: ["sh", "-c", script, "sh"])
            gone.wait()
            #expect(gone.text("status") == "7\n" || gone.text("status") == "141\n", "its own SIGPIPE, not ours")
            #expect(gone.number("SELECT finished FROM run") == 1)
        }
    }
}
