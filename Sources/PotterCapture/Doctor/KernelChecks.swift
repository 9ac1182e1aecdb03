// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the kernel is, and what it lets this process do.
struct KernelChecks {
    /// Linux since which perf clocks can end at exec (`remove_on_exec`): the oldest that engine perf works on.
    private static let oldestForPerf = (5, 13)

    let release: String
    let perfWorks: Bool

    func all() -> [DoctorCheck] { [version, seccomp, ptrace] }

    /// Major and minor of a release such as `6.18.5-cloud`.
    static func version(of release: String) -> (Int, Int)? {
        let parts = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        return (major, minor)
    }

    var version: DoctorCheck {
        let name = "Linux \(release)"
        guard let version = Self.version(of: release) else {
            return DoctorCheck("kernel.version", "kernel", .ok, "\(name), a version that says nothing")
        }
        if version < Self.oldestForPerf {
            return DoctorCheck(
                "kernel.version", "kernel", .warning,
                "\(name): perf clocks need 5.13 or later, so engine timer is used",
                do: "update the kernel for finer samples")
        }
        if version == (6, 16) || version == (6, 17) {
            return DoctorCheck(
                "kernel.version", "kernel", .warning,
                "\(name): this line of kernels may freeze where a cpu-clock is stopped at its overflow (IOC_REFRESH); "
                    + "potter-prof does not do that, other profilers may", do: "update to Linux 6.18 or later")
        }
        return DoctorCheck("kernel.version", "kernel", .ok, name)
    }

    /// Filters of this process, which everything that it starts inherits.
    var seccomp: DoctorCheck {
        let mode = Self.ownStatus("Seccomp") ?? "0"
        guard mode != "0" else {
            return DoctorCheck("kernel.seccomp", "seccomp", .ok, "no filter on this process")
        }
        let count = Self.ownStatus("Seccomp_filters").map { $0 == "1" ? "one filter" : "\($0) filters" } ?? "a filter"
        guard !perfWorks else {
            return DoctorCheck("kernel.seccomp", "seccomp", .ok, "\(count) on this process; perf clocks pass")
        }
        return DoctorCheck(
            "kernel.seccomp", "seccomp", .warning,
            "\(count) on this process, as in most containers; a filter may be what refuses perf clocks")
    }

    /// Yama restricts attaching alone; reading /proc of one's own children and opening clocks on them it leaves alone.
    var ptrace: DoctorCheck {
        let level = ProcFiles.read("/proc/sys/kernel/yama/ptrace_scope").flatMap { $0.first?.wholeNumberValue }
        let meaning =
            switch level {
            case nil: "no Yama in this kernel: processes of one user may trace each other"
            case 0: "Yama's ptrace_scope is 0: processes of one user may trace each other"
            case 1: "Yama's ptrace_scope is 1: only its ancestors may trace a process"
            case 2: "Yama's ptrace_scope is 2: only root may trace processes"
            default: "Yama's ptrace_scope is \(level ?? 3): nobody may trace a process, debuggers do not work"
            }
        return DoctorCheck("kernel.ptrace", "ptrace", .ok, "\(meaning); record traces nothing")
    }

    /// A line of /proc/self/status.
    static func ownStatus(_ name: String) -> String? {
        ProcFiles.read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            .map { $0.drop { $0 != ":" }.dropFirst().drop { $0 == "\t" || $0 == " " } }
            .map { String($0) }
    }
}
