// SPDX-License-Identifier: Apache-2.0
// Code whose names cannot be had any more when the recording ends: deleted files, containers, code made at run time.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct SymbolSourceTests {
        private func share(of function: String, in run: RecordedRun) -> Double {
            run.sum([.user], through: function).weightNs / run.sum([.user]) { _ in true }.weightNs
        }

        /// A directory of this test's own with a copy of a program.
        private func copy(_ program: String, to name: String) throws -> String {
            let directory = "\(Workbench.directory)/\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: program, toPath: "\(directory)/\(name)")
            return "\(directory)/\(name)"
        }

        @Test func deletedProgram() throws {
            let program = try copy(try Workbench.compile("gone.c"), to: "gone")
            let run = try RecordedRun([program, program])
            let found = share(of: "work_after_deletion", in: run)
            report("deleted program", "\(found.percent) in its function")
            #expect(found > 0.9)
            #expect(run.profile.functions.contains { $0.name == "work_after_deletion" && $0.file.hasSuffix("gone.c") })
        }

        /// Another program, with other functions, is at the path when names are looked up.
        @Test(arguments: ["sha1", "none"]) func replacedProgram(buildID: String) throws {
            let built = try Workbench.compile("gone.c", ["-Wl,--build-id=\(buildID)"], as: "gone-\(buildID)")
            let program = try copy(built, to: "gone")
            let other = try copy(try Workbench.compile("fixed.c"), to: "other")
            let run = try RecordedRun([program, program, other])
            let found = share(of: "work_after_deletion", in: run)
            report("replaced program, build-id \(buildID)", "\(found.percent) in its function")
            #expect(found > 0.9)
        }

        /// In its own mount namespace the program's path leads to another file than outside.
        @Test func programInAContainer() throws {
            let inside = try copy(try Workbench.compile("gone.c"), to: "program")
            let outside = try copy(try Workbench.compile("fixed.c"), to: "program")
            let directories = [inside, outside].map { ($0 as NSString).deletingLastPathComponent }
            let command = [
                "unshare", "-rm", "sh", "-c", "mount --bind \(directories[0]) \(directories[1]) && exec \(outside)",
            ]
            guard (try? Workbench.run(command)) != nil else { return }  // no namespaces for us here
            let run = try RecordedRun(command)
            let found = share(of: "work_after_deletion", in: run)
            report("program in a mount namespace", "\(found.percent) in its function")
            #expect(found > 0.9)
        }

        /// Names are the process's own, the latest line's, and known though the map is deleted.
        @Test func codeMadeAtRunTime() throws {
            let run = try RecordedRun([try Workbench.compile("jit.c")])
            let names = ["made_long", "made_short", "child_long", "child_short"]
            let shares = names.map { share(of: $0, in: run) }
            report("code made at run time", zip(names, shares).map { "\($0) \($1.percent)" }.joined(separator: ", "))
            #expect(shares.reduce(0, +) > 0.95)
            for (share, truth) in zip(shares, [1 / 3.0, 1 / 6.0, 1 / 3.0, 1 / 6.0]) {
                #expect(abs(share - truth) < 0.05)
            }
            #expect(!run.profile.functions.contains { $0.name == "stale_code" })
        }

        @Test func node() throws {
            guard (try? Workbench.run(["node", "--version"])) != nil else { return }
            let script = "\(Workbench.directory)/work.js"
            let source = """
                function inner(n) { let s = 1; for (let i = 0; i < n; i++) s = (s * 31 + i) % 1000003; return s; }
                let t = 0; for (let i = 0; i < 300; i++) t += inner(1000000 + i);
                console.log(t);
                """
            try source.write(toFile: script, atomically: true, encoding: .utf8)
            let run = try RecordedRun(["node", "--perf-basic-prof", script], in: Workbench.directory)
            let found = share(of: "inner", in: run)
            report("node", "\(found.percent) in inner")
            #expect(found > 0.8)
            let inner = run.profile.functions.first { $0.name == "inner" }
            #expect(inner?.file == script)
        }

        /// A map that is written when the process ends: Java's.
        @Test func java() throws {
            guard (try? Workbench.run(["javac", "-version"])) != nil else { return }
            let directory = "\(Workbench.directory)/\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let source = """
                public class Work {
                    static double crunch(int n) {
                        double s = 0;
                        for (int i = 1; i < n; i++) s += Math.sqrt(i) / (i + s);
                        return s;
                    }
                    public static void main(String[] arguments) {
                        double sum = 0;
                        for (int i = 0; i < 1500; i++) sum += crunch(200_000);
                        System.out.println(sum > 0);
                    }
                }
                """
            try source.write(toFile: "\(directory)/Work.java", atomically: true, encoding: .utf8)
            try Workbench.run(["javac", "-d", directory, "\(directory)/Work.java"])
            let options = ["-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit", "-XX:-Inline"]
            guard (try? Workbench.run(["java"] + options + ["-version"])) != nil else { return }  // before Java 17
            let run = try RecordedRun(["java"] + options + ["-cp", directory, "Work"])
            let found = share(of: "crunch", in: run)
            report("java", "\(found.percent) in crunch")
            #expect(found > 0.6)
        }

        /// Python's trampolines are named; CPU time is in the interpreter that they call.
        @Test func python() throws {
            let isThere = ["-X", "perf", "-c", "import sys; sys.exit(not sys.is_stack_trampoline_active())"]
            let names = ["python3", "python3.12", "python3.13"]
            guard let python = names.first(where: { (try? Workbench.run([$0] + isThere)) != nil }) else { return }
            let script = "\(Workbench.directory)/work.py"
            let source = """
                def inner(n):
                    s = 0
                    for i in range(n): s += i * i % 7
                    return s
                for i in range(20): inner(200000)
                """
            try source.write(toFile: script, atomically: true, encoding: .utf8)
            let run = try RecordedRun([python, "-X", "perf", script])
            let found = share(of: "inner", in: run)
            report("python", "\(found.percent) through inner")
            #expect(found > 0.8)
        }

        /// Names for a stripped program that was recorded where its debug file was not.
        @Test func reportWithSymbolRoot() throws {
            let built = try Workbench.compile("gone.c")
            let program = try copy(built, to: "gone")
            try Workbench.run(["strip", program])
            let run = try RecordedRun([program])
            #expect(share(of: "work_after_deletion", in: run) == 0)
            let root = "\(Workbench.directory)/\(UUID().uuidString)"
            try FileManager.default.createDirectory(
                atPath: root + (program as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: built, toPath: root + program)
            let before = try Data(contentsOf: URL(filePath: run.path))
            let text = try Workbench.run([Workbench.potter, "report", "-i", run.path, "--symfs", root])
            #expect(text.contains("work_after_deletion") && text.contains("gone.c:"))
            #expect(!text.contains("was killed"))
            let plain = try Workbench.run([Workbench.potter, "report", "-i", run.path])
            #expect(Self.figures(text) == Self.figures(plain))
            #expect(try Data(contentsOf: URL(filePath: run.path)) == before, "a report changes no recording")
            let empty = "\(Workbench.directory)/\(UUID().uuidString)"
            let error = #expect(throws: Workbench.Failure.self) {
                try Workbench.run([Workbench.potter, "report", "-i", run.path, "--symfs", empty])
            }
            #expect(error?.description.contains("potter-prof: no symbols below \(empty)") == true)
        }

        /// What is not about names: the header.
        private static func figures(_ report: String) -> [Substring] {
            report.split(separator: "\n").filter {
                $0.contains("duration") || $0.contains("CPU:") || $0.contains("quality:")
            }
        }
    }
}
