// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc

/// The private directory of the socket, /tmp/potter-XXXXXX. A lock on it says that its potter-prof lives: the kernel
/// takes that away however it ends. One that was killed leaves the directory; the next of the same user removes it.
///
///     mkdtemp ─▶ lock ─▶ still there? ─▶ socket        who finds it taken or gone makes another
///     lock ─▶ nobody listens ─▶ unlink, rmdir          who removes holds the lock meanwhile
final class SessionDirectory {
    private static let parent = "/tmp"
    private static let prefix = "potter-"
    /// The age of a directory without a socket from which on nobody is about to make one, s: versions without the lock.
    private static let emptyAge = 60

    let path: String
    private let lock: Int32

    /// When potter-prof is root the program may drop root before a child says hello: it can be entered by all then.
    init() throws {
        Self.removeStale()
        for _ in 0..<100 {
            guard let (path, lock) = try Self.make() else { continue }
            (self.path, self.lock) = (path, lock)
            chmod(path, geteuid() == 0 ? 0o711 : 0o700)
            return
        }
        throw CaptureError("cannot keep a directory in \(Self.parent): something removes new ones")
    }

    func remove() {
        rmdir(path)
        close(lock)
    }

    /// A new one, locked; nil if another potter-prof took it for a stale one.
    private static func make() throws -> (String, Int32)? {
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CaptureError("cannot make a directory in \(parent): \(errorText(-errno)); free some space there")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let lock = locked(path) else { return nil }
        if isSame(lock, path) { return (path, lock) }
        close(lock)
        return nil
    }

    /// A descriptor that holds the directory's lock, nil if it cannot be had.
    private static func locked(_ path: String) -> Int32? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }

    /// Removes what killed ones of the same user left.
    static func removeStale() {
        for name in names(in: parent) where name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 6 {
            let path = "\(parent)/\(name)"
            guard isOurs(path), let lock = locked(path) else { continue }
            if isOurs(path), isSame(lock, path), isDeserted(path) {
                unlink(path + "/socket")
                rmdir(path)
            }
            close(lock)
        }
    }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    /// A directory as we make them. Where /tmp is sticky nobody else can put another in its place.
    private static func isOurs(_ path: String) -> Bool {
        var file = stat()
        return lstat(path, &file) == 0 && file.st_mode & S_IFMT == S_IFDIR && file.st_uid == geteuid()
            && [0o700, 0o711].contains(file.st_mode & 0o7777)
    }

    /// Whether there is nothing in it but a socket on which nobody listens.
    private static func isDeserted(_ path: String) -> Bool {
        let content = names(in: path).filter { $0 != "." && $0 != ".." }
        if content == ["socket"] { return potter_is_deserted(path + "/socket") }
        var file = stat()
        return content.isEmpty && lstat(path, &file) == 0 && time(nil) - file.st_mtim.tv_sec > emptyAge
    }
}
