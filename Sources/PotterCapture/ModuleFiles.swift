// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterSymbols

/// Keeps the files of modules open from when they are first seen: names are looked up at the end, when a file may have
/// been deleted or replaced, and the root of its container is gone.
final class ModuleFiles {
    /// Descriptors held at most; modules beyond are opened by their path again. Clocks of threads need descriptors, too.
    private let limit: Int = {
        var files = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return 0 }
        return max(Int(min(files.rlim_cur, 3136)) - 64, 0) / 4
    }()

    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// A module's file, open or at least found.
    struct Found {
        /// To open it by: `/proc/self/fd/7`, or its path.
        var path: String
        var inode: UInt64
        fileprivate var root: String
        fileprivate var isHeld: Bool
    }

    private var held: [Identity: Int32] = [:]
    private var foundOfRow: [Int64: Found] = [:]

    deinit {
        for descriptor in held.values { close(descriptor) }
    }

    /// The file that process `pid` has mapped as `path`, by the process's root where that differs from ours. A regular
    /// one (asked before it is opened: opening a device or a pipe does things) with the build-id that was mapped.
    func find(_ path: String, of pid: Int32, isProgram: Bool, buildID: [UInt8]) -> Found? {
        let processRoot = "/proc/\(pid)/root"
        for candidate in (isProgram ? ["/proc/\(pid)/exe"] : []) + [processRoot + path, path] {
            var status = stat()
            guard stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            let descriptor = open(candidate, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            guard descriptor >= 0 else { continue }
            guard let identity = Self.identity(of: descriptor, kind: S_IFREG),
                buildID.isEmpty || BuildID.ofFile("/proc/self/fd/\(descriptor)") == buildID
            else {
                close(descriptor)
                continue
            }
            let file = hold(descriptor, identity)
            let root = candidate == path ? "" : holdRoot(processRoot)
            return Found(path: file ?? candidate, inode: identity.inode, root: root, isHeld: file != nil)
        }
        return nil
    }

    func keep(_ found: Found?, forModule row: Int64) {
        if let found, foundOfRow[row] == nil { foundOfRow[row] = found }
    }

    /// Nil if the file was not held: it must be looked for again.
    func places(forModule row: Int64) -> SymbolPlaces? {
        foundOfRow[row].flatMap { $0.isHeld ? SymbolPlaces(root: $0.root, file: $0.path) : nil }
    }

    // MARK: Descriptors

    /// Takes the descriptor over. Nil if there are too many.
    private func hold(_ descriptor: Int32, _ identity: Identity) -> String? {
        if let known = held[identity] {
            close(descriptor)
            return "/proc/self/fd/\(known)"
        }
        guard held.count < limit else {
            close(descriptor)
            return nil
        }
        held[identity] = descriptor
        return "/proc/self/fd/\(descriptor)"
    }

    /// The root of a process as a name that outlives it; empty if it is ours.
    private func holdRoot(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        guard let identity = Self.identity(of: descriptor, kind: S_IFDIR), identity != Self.ownRoot else {
            close(descriptor)
            return ""
        }
        return hold(descriptor, identity) ?? ""
    }

    private static let ownRoot: Identity? = {
        let descriptor = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return identity(of: descriptor, kind: S_IFDIR)
    }()

    private static func identity(of descriptor: Int32, kind: mode_t) -> Identity? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == kind else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
