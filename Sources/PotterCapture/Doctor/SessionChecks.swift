// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterCore

/// What a recording is made of beside clocks: the directory with its socket, shared memory, limits.
struct SessionChecks {
    let perfWorks: Bool

    func all() -> [DoctorCheck] { [directory, memory, descriptors, timers, addressSpace, fileSize].compactMap { $0 } }

    private var directory: DoctorCheck {
        do {
            let server = try HelloServer()
            defer { server.stop() }
            return DoctorCheck(
                "session.directory", "session directory", .ok, "\(server.socketPath) could be made and listened on")
        } catch {
            return DoctorCheck(
                "session.directory", "session directory", .problem, "\(error)",
                do: "make /tmp a directory that this user may write to", run: "ls -ld /tmp; df /tmp")
        }
    }

    private var memory: DoctorCheck {
        do {
            let session = try SessionMemory { _ in }
            let store = try UnwindTableStore()
            return DoctorCheck(
                "session.memory", "session memory", .ok,
                "memfds of \(session.memory.size >> 20) and \(store.memory.size >> 20) MiB could be made, sealed and "
                    + "mapped; pages come as they are used")
        } catch {
            return DoctorCheck("session.memory", "session memory", .problem, "\(error)")
        }
    }

    /// potter-prof raises its soft limit to the hard one, and holds a clock for each thread of the target.
    private var descriptors: DoctorCheck? {
        guard perfWorks else { return nil }
        let hard = Self.limit(RLIMIT_NOFILE).hard
        let isLow = hard < 1024
        let threads = min(hard > 64 ? hard - 64 : 0, UInt64(PP_THREAD_SLOTS))
        return DoctorCheck(
            "limit.descriptors", "open descriptors", isLow ? .warning : .ok,
            "hard limit \(Units.count(hard)): threads beyond about \(Units.count(threads)) at once in a process "
                + "go unsampled; no locked memory is needed", do: isLow ? "raise the hard limit" : nil,
            run: isLow ? "sudo prlimit --pid $$ --nofile=65536:65536" : nil)
    }

    /// Every thread has a timer, which the kernel counts as a pending signal of the user.
    private var timers: DoctorCheck {
        let limit = Self.limit(__RLIMIT_SIGPENDING).soft
        let used = KernelChecks.ownStatus("SigQ").flatMap { UInt64($0.prefix { $0 != "/" }) } ?? 0
        let free = limit > used ? limit - used : 0
        let isLow = free < 512
        return DoctorCheck(
            "limit.timers", "pending signals", isLow ? .warning : .ok,
            limit == .max
                ? "no limit: every thread can have its timer"
                : "\(Units.count(free)) are free of \(Units.count(limit)): so many threads of this user can have a timer",
            do: isLow ? "raise the limit" : nil, run: isLow ? "ulimit -i 30000" : nil)
    }

    /// What the recorder maps in the target: session memory, unwind tables, frames of each thread.
    private var addressSpace: DoctorCheck? {
        let limit = Self.limit(RLIMIT_AS).soft
        guard limit != .max else { return nil }
        let needed =
            pp_session_size() + UnwindTableStore.capacity + UInt64(PP_THREAD_SLOTS) * UInt64(PP_MAX_FRAMES) * 8
        let isEnough = limit > needed
        return DoctorCheck(
            "limit.address_space", "address space", isEnough ? .warning : .problem,
            "limit \(Units.count(limit >> 20)) MiB, of which the recorder takes \(Units.count(needed >> 20)) in every "
                + "program" + (isEnough ? ": that much less is left to it" : ": it does not fit"),
            do: "lift the limit", run: "ulimit -v unlimited")
    }

    /// A soft limit is the command's alone; session memory, which counts as a file, is checked by making it.
    private var fileSize: DoctorCheck? {
        let hard = Self.limit(RLIMIT_FSIZE).hard
        guard hard != .max else { return nil }
        return DoctorCheck(
            "limit.file_size", "file size", .warning,
            "hard limit \(Units.count(hard >> 20)) MiB: a recording cannot become larger", do: "raise the hard limit",
            run: "ulimit -f unlimited")
    }

    /// `.max` where there is none.
    private static func limit(_ resource: __rlimit_resource) -> (soft: UInt64, hard: UInt64) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        let unlimited = UInt64(bitPattern: Int64(-1))
        return (
            limit.rlim_cur == unlimited ? .max : UInt64(limit.rlim_cur),
            limit.rlim_max == unlimited ? .max : UInt64(limit.rlim_max)
        )
    }
}
