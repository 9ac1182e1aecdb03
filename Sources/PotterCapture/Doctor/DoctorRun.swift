// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// `potter-prof doctor`: looks at this machine, and at a program if one is named. Changes nothing.
public struct DoctorRun {
    public enum Subject: Sendable {
        /// A file, as it is; a name without a slash is looked for in PATH as well.
        case binary(CommandWord)
        /// A command, found and judged as `record` does.
        case command([CommandWord])
    }

    /// Overrides where the preload library is looked for.
    public var preloadLibrary: String?
    public var subject: Subject?

    public init() {}

    /// Of a program alone.
    public static func diagnosis(of subject: Subject) -> ProgramDiagnosis { ProgramChecks(subject).diagnosis() }

    /// Ignores signals and raises limits for this process, as `record` does.
    public func diagnose() -> Diagnosis {
        potter_ignore_signals()
        potter_raise_limits()
        var diagnosis = Diagnosis()
        let executable = ProcFiles.executable(of: getpid()) ?? "/proc/self/exe"
        let clocks = ClockChecks()
        diagnosis.checks = KernelChecks(release: Self.release, perfWorks: clocks.perfWorks).all() + clocks.all()
        diagnosis.checks += LibraryChecks(override: preloadLibrary, executable: executable).all()
        diagnosis.checks += SessionChecks(perfWorks: clocks.perfWorks).all() + [SymbolChecks().debugFiles]
        diagnosis.checks.append(TrialRecording(executable: executable, preloadLibrary: preloadLibrary).check())
        if let subject { diagnosis.program = Self.diagnosis(of: subject) }
        chooseEngine(&diagnosis, clocks)
        return diagnosis
    }

    private func chooseEngine(_ diagnosis: inout Diagnosis, _ clocks: ClockChecks) {
        guard diagnosis.verdict != .unusable else {
            let first = ((diagnosis.program?.checks ?? []) + diagnosis.checks).first { $0.status == .problem }
            diagnosis.engineReason = first.map { "\($0.subject): \($0.message)" } ?? ""
            return
        }
        let refusal = PerfClock.refusal()
        diagnosis.engine = refusal == nil ? .perf : .timer
        diagnosis.engineReason = refusal.map { "perf is refused: \($0)" } ?? "the kernel allows it"
    }

    private static var release: String {
        var system = utsname()
        uname(&system)
        return withUnsafeBytes(of: &system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
