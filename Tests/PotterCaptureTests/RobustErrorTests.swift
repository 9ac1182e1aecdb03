// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension RobustTests {
    /// One line each: what, why and what to do; and the right status.
    @Suite struct Errors {
        private func expect(
            _ result: RecordProcess.Result, status: Int32, _ words: String...,
            at location: SourceLocation = #_sourceLocation
        ) {
            #expect(result.status == status, "\(result)", sourceLocation: location)
            #expect(
                result.lines.count == 1 && result.errors.hasPrefix("potter-prof: "), "\(result)",
                sourceLocation: location)
            for word in words { #expect(result.errors.contains(word), "\(result)", sourceLocation: location) }
            #expect(result.output.isEmpty, sourceLocation: location)
        }

        private func file(_ run: RecordProcess, _ name: String, _ text: String, mode: mode_t) -> String {
            let path = run.scratch + "/" + name
            _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
            chmod(path, mode)
            return path
        }

        private let place = RecordProcess(plain: ["true"])

        @Test func commandsThatCannotStart() {
            expect(RecordProcess(["no-such-command"]).wait(), status: 127, "command not found", "PATH")
            expect(RecordProcess(["./no-such"]).wait(), status: 127, "command not found", "no such file")
            let text = file(place, "text", "#!/bin/sh\n", mode: 0o644)
            expect(RecordProcess([text]).wait(), status: 126, "not executable", "chmod +x")
            expect(RecordProcess([place.scratch]).wait(), status: 126, "not a regular file")
            let odd = file(place, "odd", "no program at all\n", mode: 0o755)
            expect(RecordProcess([odd]).wait(), status: 126, "odd", "#!")
        }

        @Test func commandsThatCannotBeRecorded() throws {
            let fixed = RobustBench.build("robust.c", "-pthread", "-static")
            expect(RecordProcess([fixed, "busy", "1"]).wait(), status: 126, "statically linked", "link it dynamically")
            try #require(RobustBench.isRoot)
            let copy = place.scratch + "/setuid"
            try FileManager.default.copyItem(atPath: RobustBench.program, toPath: copy)
            chown(copy, 65534, 65534)
            chmod(copy, 0o4755)
            expect(RecordProcess([copy, "busy", "1"]).wait(), status: 126, "setuid", "copy without that bit")
        }

        @Test func commandLines() {
            func potter(_ arguments: String...) -> RecordProcess.Result {
                RecordProcess(plain: [RobustBench.potter] + arguments).wait()
            }
            expect(potter("record"), status: 2, "no command")
            expect(potter("record", "--"), status: 2, "no command")
            expect(potter("record", "-F", "0", "--", "true"), status: 2, "-F 0", "1 to 10000")
            expect(potter("record", "-F", "x", "--", "true"), status: 2, "-F")
            expect(potter("record", "-D", "99999999999999999", "--", "true"), status: 2, "-D")
            expect(potter("record", "-d", "nan", "--", "true"), status: 2, "-d")
            expect(potter("record", "--no-such-option", "--", "true"), status: 2, "--no-such-option")
            expect(potter("record", "--engine", "gpu", "--", "true"), status: 2, "gpu")
            expect(potter("report", "--limit", "-1"), status: 2)
            expect(potter("nothing"), status: 2, "nothing")
            #expect(potter("--help").status == 0 && potter("record", "--help").output.contains("--duration"))
        }

        @Test func recordingsThatCannotBeRead() throws {
            func report(_ path: String) -> RecordProcess.Result {
                RecordProcess(plain: [RobustBench.potter, "report", "-i", path]).wait()
            }
            expect(report(place.scratch + "/missing"), status: 1, "missing", "record")
            expect(report(place.scratch), status: 1, "not a Potter recording")
            expect(report(file(place, "foreign", "hello", mode: 0o644)), status: 1, "not a Potter recording")
            expect(report(file(place, "empty", "", mode: 0o644)), status: 1, "empty")
            let run = RecordProcess(["true"])
            _ = run.wait()
            let whole = try Data(contentsOf: URL(filePath: run.recording))
            for bytes in [50, 99, 100, 5_000, whole.count / 2, whole.count - 1] {
                let cut = place.scratch + "/cut"
                try whole.prefix(bytes).write(to: URL(filePath: cut))
                expect(report(cut), status: 1, "truncated", "copy it again")
            }
            var newer = whole
            newer[61] = 0x7f  // user_version, at 60, big-endian
            try newer.write(to: URL(filePath: place.scratch + "/newer"))
            expect(report(place.scratch + "/newer"), status: 1, "its format is", "newer one")
            try #require(RobustBench.isRoot)
            chmod(run.recording, 0o600)
            let asNobody = RobustBench.nobody + [RobustBench.potter, "report", "-i", run.recording]
            expect(RecordProcess(plain: asNobody).wait(), status: 1, "Permission denied", "rights")
        }

        @Test func placesThatCannotBeWritten() {
            let missing = RecordProcess(["touch", "ran"], output: place.scratch + "/no/such/r.potter")
            expect(missing.wait(), status: 1, "there is no directory", "create it")
            #expect(missing.text("ran").isEmpty && !FileManager.default.fileExists(atPath: missing.scratch + "/ran"))
            expect(RecordProcess(["true"], output: place.scratch).wait(), status: 1, "not a regular file", "-o")
            expect(RecordProcess(["true"], output: "/proc/r.potter").wait(), status: 1, "cannot write /proc/r.potter")
            guard RobustBench.isRoot else { return }
            chmod(place.scratch, 0o755)
            expect(
                RecordProcess(["true"], launcher: RobustBench.nobody, output: place.scratch + "/r").wait(), status: 1,
                "Permission denied", "-o")
        }

        @Test func aFileSizeLimit() {
            func limited(_ kind: String) -> RecordProcess {
                RecordProcess(
                    ["sh", "-c", "ulimit -S -f; trap"],
                    launcher: ["sh", "-c", "ulimit \(kind) -f 200 &&  exec \"$@\"", "sh"])
            }
            // A soft limit is the command's alone. A hard one leaves no room for session memory, but for who may raise it.
            #expect(limited("-S").wait().output == "200\n")
            let hard = limited("").wait()
            #expect(hard.status == 0 && hard.output == "200\n", "\(hard)")
            if !hard.errors.isEmpty {
                expect(hard, status: 0, "sh runs unrecorded", "File too large", "ulimit -f")
            }
        }

        @Test func aStartThatFailsLeavesNothing() throws {
            guard RobustBench.isRoot else { return }
            let disk = place.scratch + "/small"
            mkdir(disk, 0o755)
            let script = "mount -t tmpfs -o size=64k none \(disk) && \"$@\"; s=$?; ls \(disk) > \(disk).left; exit $s"
            let run = RecordProcess(
                ["true"], launcher: ["unshare", "-m", "sh", "-c", script, "sh"], output: disk + "/r")
            let result = run.wait()
            if result.errors.contains("unshare") { return }
            expect(result, status: 1, "the disk is full")
            #expect(try String(contentsOfFile: disk + ".left", encoding: .utf8) == "")
        }

        @Test func tooFewDescriptors() {
            func limited(_ count: Int) -> RecordProcess.Result {
                RecordProcess(["echo", "ran"], launcher: ["sh", "-c", "ulimit -n \(count) && exec \"$@\"", "sh"]).wait()
            }
            expect(limited(12), status: 1, "12 file descriptors", "ulimit -n")
            #expect(limited(40).output == "ran\n")
        }

        @Test func aFullDisk() throws {
            guard RobustBench.isRoot else { return }
            let disk = place.scratch + "/disk"
            mkdir(disk, 0o755)
            let script =
                "mount -t tmpfs -o size=600k none \(disk) && \"$@\"; s=$?; sqlite3 -readonly \(disk)/r 'select count(*)>0 from sample' > \(disk).n; "
                + "\(RobustBench.potter) report -i \(disk)/r > \(disk).report; exit $s"
            let run = RecordProcess(
                [RobustBench.program, "stacks", "3000"], options: ["-F", "4999"],
                launcher: ["unshare", "-m", "sh", "-c", script, "sh"], output: disk + "/r")
            let result = run.wait()
            if result.errors.contains("unshare") { return }
            let kept = try? String(contentsOfFile: disk + ".n", encoding: .utf8)
            #expect(kept == "1\n", "what was committed stays readable")
            let report = try? String(contentsOfFile: disk + ".report", encoding: .utf8)
            #expect(report?.contains("ran out of disk") == true, "\(report ?? "no report")")
            expect(result, status: 0, "the recording ended early", "the disk is full", "free some space")
        }

        @Test func perfIsRefused() {
            let run = RecordProcess(
                [RobustBench.program, "busy", "1"], options: ["--engine", "perf"], launcher: [RobustBench.withoutPerf])
            expect(run.wait(), status: 1, "perf is refused", "perf_event_open", "--engine timer")
            let fallback = RecordProcess(
                [RobustBench.program, "busy", "0.3"], options: [], launcher: [RobustBench.withoutPerf])
            let result = fallback.wait()
            #expect(result.status == 7 && result.errors.contains("engine timer (perf is refused"), "\(result)")
            #expect(fallback.report().output.contains("engine timer (perf is refused"))
        }

        @Test func noPreloadLibrary() {
            let named = RecordProcess(["true"], options: ["--preload-library", "/no/lib.so"])
            expect(named.wait(), status: 1, "recorder library", "/no/lib.so", "swift build")
            let copy = place.scratch + "/potter-prof"
            try? FileManager.default.copyItem(atPath: RobustBench.potter, toPath: copy)
            let result = RecordProcess(plain: [copy, "record", "--", "true"]).wait()
            let above = place.scratch.split(separator: "/").dropLast().joined(separator: "/")
            expect(
                result, status: 1, "\(place.scratch)/libPotterPreload.so",
                "/\(above)/lib/potter-prof/libPotterPreload.so")
        }

        @Test func aForeignChildIsNamed() {
            let fixed = RobustBench.build("robust.c", "-pthread", "-static", compiler: "musl-gcc")
            let run = RecordProcess(["sh", "-c", "\(fixed) busy 0.05; \(fixed) busy 0.05; exit 9"], options: ["-v"])
            let result = run.wait()
            #expect(result.status == 9 && result.output == "done\ndone\n", "\(result)")
            #expect(run.quality("images.foreign") == 2)
            #expect(run.quality("images.foreign:\(fixed)") == 2)
            #expect(result.errors.contains("\(fixed) ran unrecorded"), "\(result)")
            #expect(run.report().output.contains("2 programs could not load the recorder"))
            #expect(run.report().output.contains("address space): \(fixed.split(separator: "/").last!) (2 times)"))
        }
    }
}
