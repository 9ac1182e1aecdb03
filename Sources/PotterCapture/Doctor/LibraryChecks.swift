// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc

/// The preload library: found, loaded by a real program, and of the same build as this command. A program is started with
/// it, says hello to a socket of ours, and gets no answer: it then runs as if nothing were there.
struct LibraryChecks {
    let override: String?
    let executable: String

    func all() -> [DoctorCheck] {
        let library: String
        do {
            library = try PreloadLibrary.find(override: override)
        } catch {
            return [
                DoctorCheck(
                    "library.found", "preload library", .problem, "\(error)",
                    do: "build or install all of Potter", run: "Scripts/install --prefix ~/.local")
            ]
        }
        return [DoctorCheck("library.found", "preload library", .ok, library), loaded(library)]
    }

    private func loaded(_ library: String) -> DoctorCheck {
        let id = "library.version"
        guard let directory = try? SessionDirectory() else {
            return DoctorCheck(id, "its version", .problem, "not tried: there is no session directory")
        }
        let path = directory.path + "/socket"
        let socket = potter_listen(path, 0o600)
        defer {
            if socket >= 0 { close(socket) }
            unlink(path)
            directory.remove()
        }
        var version: UInt32?
        let others = getenv("LD_PRELOAD").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 + ":" } ?? ""
        let run = ShortRun(
            executable, ["--version"], environment: ["LD_PRELOAD": others + library, "POTTER_SESSION": path],
            in: directory.path
        ) { version = version ?? Self.hello(on: socket) }
        return judge(version ?? Self.hello(on: socket), run)
    }

    /// The wire version of a library that said hello; nil if none did.
    private static func hello(on socket: Int32) -> UInt32? {
        var (pid, uid): (pid_t, uid_t) = (0, 0)
        let peer = potter_accept(socket, &pid, &uid)
        guard peer >= 0 else { return nil }
        defer { close(peer) }
        var hello = pp_hello()
        // Magic and version come first in every version.
        let got = potter_receive(peer, &hello, MemoryLayout<pp_hello>.size, 200)
        guard got >= 8, hello.magic == PP_HELLO_MAGIC else { return nil }
        return hello.version
    }

    private func judge(_ version: UInt32?, _ run: ShortRun) -> DoctorCheck {
        let (id, subject) = ("library.version", "its version")
        guard let version else {
            let why = run.firstMessage ?? "no message; a security module or a noexec mount may have refused it"
            return DoctorCheck(
                id, subject, .problem, "a program did not load the library: \(why)",
                do: "install it where every user may read it", run: "Scripts/install --prefix ~/.local")
        }
        guard version == PP_WIRE_VERSION else {
            return DoctorCheck(
                id, subject, .problem,
                "the library speaks version \(version) of the session memory, potter-prof \(potterVersion) version "
                    + "\(PP_WIRE_VERSION): they come from two builds", do: "install both again",
                run: "Scripts/install --prefix ~/.local")
        }
        return DoctorCheck(
            id, subject, .ok, "a program loaded it; it speaks version \(version) of the session memory, as this command"
        )
    }
}
