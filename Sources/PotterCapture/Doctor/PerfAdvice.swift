// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What to do where perf_event_open fails. Containers come in here: there the kernel's setting is not the remedy.
struct PerfAdvice {
    static let lower = "sudo sysctl -w kernel.perf_event_paranoid=2"

    /// Negative errno.
    let error: Int32

    var text: (advice: String, command: String?) {
        switch error {
        case -EACCES: ("set kernel.perf_event_paranoid to 2, or give potter-prof CAP_PERFMON", Self.lower)
        case -EPERM, -ENOSYS: refused
        case -EMFILE: ("raise the limit of open descriptors", "ulimit -n 65536")
        case -EINVAL: ("update the kernel: clocks that end at exec need Linux 5.13", nil)
        default: ("check `dmesg`, and whether `perf stat -e cpu-clock true` works", nil)
        }
    }

    private var refused: (String, String?) {
        switch Container.detected {
        case .docker:
            ("the container's seccomp filter refuses it: start it with CAP_PERFMON", "docker run --cap-add PERFMON ...")
        case .podman:
            ("the container's seccomp filter refuses it: start it with CAP_PERFMON", "podman run --cap-add PERFMON ...")
        case .kubernetes:
            ("the pod's seccomp profile refuses it: securityContext.capabilities.add [PERFMON]", nil)
        case .other(let name):
            ("the sandbox (\(name)) refuses it: have it allow perf_event_open", nil)
        case nil where error == -ENOSYS:
            ("a kernel without perf events, or a sandbox that hides them: nothing can be done here", nil)
        case nil:
            ("a seccomp filter or a security module refuses it: look at SystemCallFilter= of the service", nil)
        }
    }
}

/// A container that this process runs in, by the marks that engines leave.
enum Container: Equatable {
    case docker, podman, kubernetes
    case other(String)

    static var detected: Container? {
        if getenv("KUBERNETES_SERVICE_HOST") != nil { return .kubernetes }
        if access("/run/.containerenv", F_OK) == 0 { return .podman }
        if access("/.dockerenv", F_OK) == 0 { return .docker }
        if let name = ProcFiles.read("/run/systemd/container")?.trimmed, !name.isEmpty { return .other(name) }
        return getenv("container").map { .other(String(cString: $0)) }
    }
}
