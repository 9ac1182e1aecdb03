// SPDX-License-Identifier: Apache-2.0
// What `potter-prof doctor` says of programs. What `record` then does with them is the judge.
import Foundation
import PotterCapture
import Testing

extension RobustTests {
    @Suite struct DoctorPrograms {
        private let place = RecordProcess(plain: ["true"])

        private func file(_ name: String, _ bytes: some Sequence<UInt8>, mode: mode_t = 0o755) -> String {
            let path = place.scratch + "/" + name
            _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
            chmod(path, mode)
            return path
        }

        private func file(_ name: String, _ text: String, mode: mode_t = 0o755) -> String {
            file(name, Array(text.utf8), mode: mode)
        }

        private func copy(_ path: String, _ name: String) throws -> String {
            let target = place.scratch + "/" + name
            try FileManager.default.copyItem(atPath: path, toPath: target)
            return target
        }

        /// A command's verdict is `record`'s: refused, or samples.
        private func expectAgreement(
            _ path: String, kind: String, status: Int32, launcher: [String] = [],
            at location: SourceLocation = #_sourceLocation
        ) throws {
            let report = try DoctorReport(["--", path, "busy", "0.05"], launcher: launcher)
            #expect(report.program?.kind == kind, "\(report.text)", sourceLocation: location)
            #expect(report.status == status, "\(report.text)", sourceLocation: location)
            let run = RecordProcess([path, "busy", "0.05"], launcher: launcher)
            let result = run.wait()
            if status == 3 {
                #expect([126, 127].contains(result.status), "\(result)", sourceLocation: location)
                let why = try #require(report.checks["program.kind"])
                #expect(why.status == "problem" && report.engine == "none", sourceLocation: location)
            } else {
                #expect(run.quality("samples") > 0, "\(result)", sourceLocation: location)
            }
        }

        @Test func whatRecordRefusesIsAProblem() throws {
            try expectAgreement(RobustBench.program, kind: "dynamic", status: 0)
            try expectAgreement(RobustBench.build("robust.c", "-pthread", "-static"), kind: "static", status: 3)
            try expectAgreement(RobustBench.build("robust.c", "-pthread", "-static-pie"), kind: "static", status: 3)
            let musl = RobustBench.build("robust.c", "-pthread", compiler: "musl-gcc")
            try expectAgreement(musl, kind: "foreign loader", status: 3)
            try expectAgreement(place.scratch + "/no-such", kind: "missing", status: 3)
            try expectAgreement("no-such-command", kind: "missing", status: 3)
            try expectAgreement(place.scratch, kind: "not a program", status: 3)
            try expectAgreement(file("text", "#!/bin/sh\n", mode: 0o644), kind: "not executable", status: 3)
            try expectAgreement(file("odd", "no program at all\n"), kind: "not a program", status: 3)
            try expectAgreement(file("empty", ""), kind: "not a program", status: 3)
            guard RobustBench.isRoot else { return }
            let setuid = try copy(RobustBench.program, "setuid")
            chown(setuid, 65534, 65534)
            chmod(setuid, 0o4755)
            try expectAgreement(setuid, kind: "setuid", status: 3)
            // Who is that user already gains nothing.
            try expectAgreement(setuid, kind: "dynamic", status: 0, launcher: RobustBench.nobody)
        }

        @Test func otherMachines() throws {
            var bytes = Array(try Data(contentsOf: URL(filePath: RobustBench.program)))
            bytes[18] = 183  // EM_AARCH64
            try expectAgreement(file("arm", bytes), kind: "other machine", status: 3)
            bytes[18] = 3  // EM_386
            bytes[4] = 1  // ELFCLASS32
            try expectAgreement(file("i386", bytes), kind: "32 bit", status: 3)
        }

        @Test func scripts() throws {
            let program = RobustBench.program
            func expect(_ text: String, status: Int32, _ interpreters: [String]) throws {
                let script = file("script\(text.hashValue)", text)
                let report = try DoctorReport(["--", script])
                #expect(report.status == status && report.program?.kind == "script", "\(report.text)")
                #expect(report.program?.interpreters == interpreters, "\(report.text)")
                let ran = RecordProcess([script]).wait()
                #expect((status == 3) == [126, 127].contains(ran.status), "\(text): \(ran)")
            }
            try expect("#! \(program) busy\n", status: 0, [program])
            try expect("#!/usr/bin/env -S FLAG=1 \(program) busy 0.1\n", status: 0, ["/usr/bin/env", program])
            try expect("#!/no/such/interpreter -x\n", status: 3, ["/no/such/interpreter"])
            try expect("#!/usr/bin/env no-such-program\n", status: 3, ["/usr/bin/env"])
            let inner = file("inner", "#!\(program) busy\n")
            try expect("#!\(inner)\n", status: 0, [inner, program])
            let circle = place.scratch + "/circle"
            _ = file("circle", "#!\(circle)\n")
            #expect(try DoctorReport([circle]).status == 3)
        }

        @Test func librariesAndFilesThatNobodyExecutes() throws {
            let library = RobustBench.build("plugin.c", "-shared", "-fPIC", "-DENTRY=one_entry", "-DLEAF=one_leaf")
            let report = try DoctorReport([library])
            #expect(report.status == 0 && report.program?.kind == "shared library", "\(report.text)")
            #expect(try DoctorReport(["--", library]).status == 3)
            let fifo = place.scratch + "/fifo"
            mkfifo(fifo, 0o755)
            for path in [fifo, "/dev/null", "/dev/zero", "/", "/proc/self/mem"] {
                let report = try DoctorReport([path])
                #expect(report.status == 3, "\(report.text)")
            }
        }

        @Test func aProgramThatMayNotBeRead() throws {
            guard RobustBench.isRoot else { return }
            let path = try copy(RobustBench.program, "secret")
            chmod(path, 0o711)
            let report = try DoctorReport([path], launcher: RobustBench.nobody)
            #expect(report.program?.kind == "unreadable" && report.status == 1, "\(report.text)")
        }

        /// All at once: another user, no perf, no symbols.
        @Test func strippedWithoutPerfAsAnotherUser() throws {
            let stripped = place.scratch + "/stripped"
            let made = RecordProcess(plain: ["strip", "-o", stripped, RobustBench.program]).wait()
            try #require(made.status == 0)
            let launcher = (RobustBench.isRoot ? RobustBench.nobody : []) + [RobustBench.withoutPerf]
            let report = try DoctorReport(["--", stripped, "busy", "1"], launcher: launcher)
            #expect(report.status == 1 && report.engine == "timer", "\(report.text)")
            #expect(report.program?.kind == "dynamic" && report.checks["program.symbols"]?.status == "warning")
        }

        /// Whatever is in a file: an answer, and one that makes sense of what is still there.
        @Test func garbage() throws {
            let whole = Array(try Data(contentsOf: URL(filePath: RobustBench.program)))
            func diagnose(_ bytes: some Sequence<UInt8>, _ name: Comment) {
                let found = DoctorRun.diagnosis(of: .binary(CommandWord(file("garbage", bytes))))
                #expect(!found.checks.isEmpty && found.checks.allSatisfy { !$0.message.isEmpty }, name)
                let unwind = found.facts?.unwind
                #expect((unwind?.coveredPercent ?? 0) <= 100.001 && (unwind?.uncoveredPercent ?? 0) >= 0, name)
            }
            for size in [0, 1, 2, 4, 16, 19, 20, 63, 64, 65, 200, 1_000, whole.count / 2, whole.count - 1] {
                diagnose(whole.prefix(size), "cut at \(size)")
            }
            let seed = UInt64.random(in: 0...UInt64.max)
            var generator = RobustGenerator(seed: seed)
            for round in 0..<400 {
                var bytes = whole
                // In the header and the tables, where it hurts.
                let end = round % 2 == 0 ? 1024 : bytes.count
                for _ in 0...round % 20 {
                    bytes[.random(in: 4..<end, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                diagnose(bytes, "seed \(seed), round \(round)")
            }
            let random = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(try DoctorReport([file("random", random)]).status == 3)
            #expect(try DoctorReport([file("cut", whole.prefix(8_000))]).status == 3)
        }
    }
}
