// SPDX-License-Identifier: Apache-2.0
// What `potter-prof doctor` says of a machine: places are made in which something does not work, and it has to find it.
import Foundation
import Testing

@testable import PotterCapture

extension RobustTests {
    @Suite struct Doctor {
        /// System call numbers of x86-64.
        private static let (timerCreate, perfEventOpen, memfdCreate) = ("222", "298", "319")
        private static let refuse = RobustBench.build("refuse.c")
        private static let users: [[String]] = RobustBench.isRoot ? [[], RobustBench.nobody] : [[]]

        private let place = RecordProcess(plain: ["true"])

        @Test(arguments: users) func aMachineThatIsWell(user: [String]) throws {
            let report = try DoctorReport([], launcher: user)
            #expect(report.checks.allSatisfy { $0.value.status == "ok" }, "\(report.text)")
            #expect(report.status == 0 && report.verdict == "ok" && report.engine == "perf", "\(report.text)")
            for id in ["perf.clock", "timer.thread", "library.version", "session.memory", "session.directory", "trial"]
            {
                #expect(report.checks[id] != nil, "no \(id)")
            }
            #expect(report.number(in: "perf.clock", after: "fired ") == 25, "\(report.text)")
            #expect(report.number(in: "timer.thread", after: "ticked ") == 5, "\(report.text)")
            // Of a trial of 100 ms at 997 Hz at least the half.
            #expect(try #require(report.number(in: "trial", after: "")) >= 50)
            let text = DoctorReport.process([], launcher: user).wait()
            #expect(text.status == 0 && text.errors.isEmpty, "\(text)")
            #expect(text.output.hasPrefix("recording works here: engine perf (the kernel allows it)\n"), "\(text)")
            #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 140 }, "\(text)")
        }

        @Test(arguments: users) func perfIsRefused(user: [String]) throws {
            let report = try DoctorReport([], launcher: user + [RobustBench.withoutPerf])
            #expect(report.status == 1 && report.verdict == "limited" && report.engine == "timer", "\(report.text)")
            let clock = try #require(report.checks["perf.clock"])
            #expect(clock.status == "warning" && clock.message.contains("Operation not permitted"))
            #expect(clock.advice != nil)
            #expect(report.checks["kernel.seccomp"]?.status == "warning")
            #expect(report.checks["timer.thread"]?.status == "ok")
            let trial = try #require(report.checks["trial"])
            #expect(trial.status == "ok" && trial.message.hasSuffix("engine timer"), "\(trial)")
        }

        @Test func timersAreRefused() throws {
            let alone = try DoctorReport([], launcher: [Self.refuse, Self.timerCreate])
            #expect(alone.status == 1 && alone.engine == "perf", "\(alone.text)")
            #expect(alone.checks["timer.thread"]?.status == "warning")
            let both = try DoctorReport([], launcher: [Self.refuse, "\(Self.timerCreate),\(Self.perfEventOpen)"])
            #expect(both.status == 3 && both.verdict == "unusable" && both.engine == "none", "\(both.text)")
            #expect(both.checks["timer.thread"]?.status == "problem")
        }

        @Test func memoryIsRefused() throws {
            let report = try DoctorReport([], launcher: [Self.refuse, Self.memfdCreate])
            #expect(report.status == 3 && report.checks["session.memory"]?.status == "problem", "\(report.text)")
            #expect(report.checks["trial"]?.status == "problem")
        }

        @Test func limits() throws {
            func limited(_ limit: String) throws -> DoctorReport {
                try DoctorReport([], launcher: ["sh", "-c", "ulimit \(limit) && exec \"$@\"", "sh"])
            }
            let few = try limited("-n 200")
            #expect(few.status == 1 && few.checks["limit.descriptors"]?.status == "warning", "\(few.text)")
            let narrow = try limited("-v 660000")
            #expect(narrow.status == 3, "\(narrow.text)")
            #expect(narrow.checks["limit.address_space"]?.status == "problem")
            let short = try limited("-f 200")
            #expect(short.status == 3 && short.checks["session.memory"]?.message.contains("ulimit -f") == true)
            #expect(short.checks["limit.file_size"]?.status == "warning", "\(short.text)")
            let noTimers = try DoctorReport([], launcher: RobustBench.nobody + ["prlimit", "--sigpending=0"])
            #expect(noTimers.checks["limit.timers"]?.status == "warning", "\(noTimers.text)")
            #expect(noTimers.checks["timer.thread"]?.status == "warning" && noTimers.status == 1)
        }

        @Test func aReadOnlyTemporaryDirectory() throws {
            guard RobustBench.isRoot else { return }
            let script = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec \"$@\""
            let run = DoctorReport.process(["--json"], launcher: ["unshare", "-m", "sh", "-c", script, "sh"])
            let result = run.wait()
            if result.errors.contains("unshare") { return }
            let report = try DoctorReport(result, of: run)
            #expect(report.status == 3, "\(report.text)")
            let check = try #require(report.checks["session.directory"])
            #expect(check.status == "problem" && check.message.contains("Read-only file system"), "\(check)")
            #expect(report.checks["trial"]?.status == "problem")
        }

        @Test func librariesThatAreNotOurs() throws {
            func with(_ library: String) throws -> DoctorReport { try DoctorReport(["--preload-library", library]) }
            let missing = try with("/no/libPotter.so")
            #expect(
                missing.status == 3 && missing.checks["library.found"]?.message.contains("/no/libPotter.so") == true)
            let garbage = place.scratch + "/libPotterGarbage.so"
            try Data(repeating: 0x5a, count: 5000).write(to: URL(filePath: garbage))
            let broken = try with(garbage)
            #expect(broken.status == 3, "\(broken.text)")
            #expect(broken.checks["library.version"]?.message.contains("cannot be preloaded") == true, "\(broken.text)")
            let wire = "-I\(RobustBench.repository)/CShims/CPotterWire/include"
            let library = try DoctorReport.build(
                "old_hello.c", as: "libPotterOld.so", in: place.scratch, ["gcc", "-shared", "-fPIC", wire])
            let report = try with(library)
            #expect(report.status == 3, "\(report.text)")
            #expect(report.checks["library.version"]?.message.contains("two builds") == true, "\(report.text)")
        }

        @Test func commandLines() {
            for words in [["./a", "--", "b"], ["--no-such"], ["--", ""], [""], ["a", "b"]] {
                let result = DoctorReport.process(words).wait()
                #expect(result.status == 2 && result.lines.count == 1, "\(words): \(result)")
            }
            #expect(DoctorReport.process(["--help"]).wait().output.contains("3 recording does not work"))
        }

        @Test func kernels() {
            func status(_ release: String) -> DoctorCheck.Status {
                KernelChecks(release: release, perfWorks: true).version.status
            }
            #expect(status("6.16.0") == .warning && status("6.17.13-cloud-amd64") == .warning)
            #expect(status("6.18.5") == .ok && status("6.1.0-44-amd64") == .ok && status("7.0-rc1") == .ok)
            #expect(status("5.10.0-9-amd64") == .warning && status("5.13.0") == .ok)
            #expect(status("") == .ok && status("Plan 9") == .ok)
        }

        /// Whatever perf_event_open says, there is something to do.
        @Test func adviceForEveryError() {
            for error in [EACCES, EPERM, ENOSYS, EMFILE, EINVAL, ENOENT, EBUSY] {
                #expect(PerfAdvice(error: -error).text.advice.count > 10)
            }
            #expect(PerfAdvice(error: -EACCES).text.command?.contains("perf_event_paranoid=2") == true)
        }

        /// Nothing stays behind.
        @Test func leavesNoTraces() throws {
            func traces() throws -> Set<String> {
                Set(try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("potter-") })
            }
            let before = try traces()
            let run = DoctorReport.process(["--", "true"])
            _ = run.wait()
            let new = try traces().subtracting(before)
            #expect(new.allSatisfy { !FileManager.default.fileExists(atPath: "/tmp/\($0)/trial.potter") }, "\(new)")
            #expect(run.children(of: run.pid).isEmpty)
        }
    }
}
