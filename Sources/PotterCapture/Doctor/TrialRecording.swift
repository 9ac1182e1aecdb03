// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterCore
import PotterProfile
import PotterRecording

/// A real recording, of a tenth of a second: what all other checks are about.
public struct TrialRecording {
    private static let workNs: UInt64 = 100_000_000

    let executable: String
    let preloadLibrary: String?

    /// What the trial records: a fixed piece of CPU time, in this process.
    public static func work() {
        let clock = { () -> UInt64 in
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        let end = clock() + workNs
        var x: UInt64 = 1
        while clock() < end {
            for _ in 0..<1000 { x = x &* 6_364_136_223_846_793_005 &+ 1 }
        }
        withExtendedLifetime(x) {}
    }

    func check() -> DoctorCheck {
        var template = Array("/tmp/potter-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            return DoctorCheck("trial", "trial recording", .problem, "cannot make a directory in /tmp")
        }
        let directory = String(cString: made)
        let recording = directory + "/trial.potter"
        defer {
            for name in ["", "-wal", "-shm", "-journal"] { unlink(recording + name) }
            rmdir(directory)
        }
        let library = preloadLibrary.map { ["--preload-library", $0] } ?? []
        let arguments = ["record", "-F", "997", "-o", recording] + library
        let run = ShortRun(executable, arguments + ["--", executable, "doctor", "--trial-work"], in: directory)
        return judge(run, recording)
    }

    private func judge(_ run: ShortRun, _ recording: String) -> DoctorCheck {
        func problem(_ why: String) -> DoctorCheck {
            DoctorCheck(
                "trial", "trial recording", .problem, why, do: "see the problems above; then try by hand",
                run: "potter-prof record -v -- sh -c 'for i in 1 2 3; do :; done'")
        }
        guard let status = run.status else { return problem("`record` did not end within 20 s, and was killed") }
        guard status == 0 else { return problem(run.firstMessage ?? "`record` ended with status \(status)") }
        guard let summary = try? RecordingReader(path: recording).summary else {
            return problem(run.firstMessage ?? "the recording could not be read")
        }
        let (samples, lost) = (summary.totals.samples, summary.quality.lost)
        guard samples > 0 else { return problem(run.firstMessage ?? "there is not one sample in it") }
        return DoctorCheck(
            "trial", "trial recording", lost == 0 ? .ok : .warning,
            "\(Units.count(samples)) samples, \(lost) lost, in \(Units.time(summary.totals.totalNs)) of CPU time; engine "
                + "\(summary.run.engine.rawValue)")
    }
}
