// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc
import PotterSymbols

/// The command to record: found and judged before anything starts.
struct CommandLaunch {
    let path: CommandWord
    let arguments: [CommandWord]
    /// Why the recorder must not be loaded into the command; nil: it may.
    let unrecorded: String?
    /// A sanitizer's runtime, to be loaded before the recorder.
    private let first: String?

    /// Throws as a shell would say it: 127 not found, 126 found but not to be executed (or not to be recorded).
    init(command: [CommandWord]) throws {
        arguments = command
        unrecorded = NoRoom.forRecorder()
        path = try Self.resolve(command[0])
        first = try Self.check(path, named: command[0].text)
    }

    static func resolve(_ name: CommandWord) throws -> CommandWord {
        if name.bytes.contains(CChar(UInt8(ascii: "/"))) {
            guard access(name.bytes, F_OK) == 0 else { throw notFound(name.text, "no such file") }
            return name
        }
        let search = getenv("PATH").map { CommandWord($0) } ?? CommandWord("/usr/local/bin:/usr/bin:/bin")
        var unexecutable: CommandWord?
        for directory in search.split(at: ":") {
            let path = directory.appending(name)
            var file = stat()
            guard stat(path.bytes, &file) == 0, file.st_mode & S_IFMT == S_IFREG else { continue }
            if access(path.bytes, X_OK) == 0 { return path }
            unexecutable = unexecutable ?? path
        }
        if let unexecutable { return unexecutable }
        throw notFound(name.text, "not in PATH")
    }

    private static func notFound(_ name: String, _ why: String) -> CaptureError {
        CaptureError("command not found: \(name) (\(why)); check its name, or give its path", exitStatus: 127)
    }

    /// Returns the library that is to be loaded before the recorder, if there is one.
    private static func check(_ path: CommandWord, named name: String) throws -> String? {
        func refuse(_ why: String, _ advice: String) -> CaptureError {
            CaptureError("cannot record \(name): \(why); \(advice)", exitStatus: 126)
        }
        var file = stat()
        guard stat(path.bytes, &file) == 0 else { throw notFound(name, errorText(-errno)) }
        guard file.st_mode & S_IFMT == S_IFREG else { throw refuse("it is not a regular file", "give a program") }
        guard access(path.bytes, X_OK) == 0 else { throw refuse("it is not executable", "chmod +x \(path.text)") }
        let foreign =
            (file.st_mode & S_ISUID != 0 && file.st_uid != geteuid())
            || (file.st_mode & S_ISGID != 0 && file.st_gid != getegid())
        if foreign {
            throw refuse(
                "it is setuid or setgid, and the loader then ignores preloads", "record a copy without that bit")
        }
        if geteuid() != 0, potter_has_file_capabilities(path.bytes) {
            throw refuse("it has file capabilities, and the loader then ignores preloads", "record a copy, or as root")
        }
        switch ProgramKind(path: path.bytes) {
        case .staticallyLinked:
            throw refuse("it is statically linked, so no recorder can be loaded", "link it dynamically")
        case .foreignLoader(let loader):
            throw refuse("its loader is \(loader), not this system's C library", "record it on a system of its kind")
        case .dynamic(let first):
            return first
        case .script, .unreadable:
            return nil
        }
    }

    /// Starts the command with our preload entry added; everything else is inherited.
    func start(session: String, preload: String) throws -> Int32 {
        let environment =
            unrecorded == nil ? withRecorder(session: session, preload: preload) : Self.inherited()
        let pid = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in potter_spawn(path.bytes, arguments, environment) }
        }
        guard pid > 0 else { throw failure(pid) }
        return pid
    }

    /// This process becomes the command, as it would be without potter-prof. Returns only by throwing.
    func becomeCommand() throws -> Int32 {
        let error = withCStrings(arguments) { arguments in
            withCStrings(Self.inherited()) { environment in potter_become(path.bytes, arguments, environment) }
        }
        throw failure(error)
    }

    private func failure(_ error: Int32) -> CaptureError {
        if error == -ENOEXEC {
            return CaptureError(
                "cannot start \(arguments[0].text): it is neither a program nor a script with a `#!` line; "
                    + "give its interpreter, as in `sh \(arguments[0].text)`", exitStatus: 126)
        }
        return CaptureError(
            "cannot start \(arguments[0].text): \(errorText(error)); run it without potter-prof to see",
            exitStatus: error == -ENOENT ? 127 : 126)
    }

    private static func inherited() -> [CommandWord] {
        var words: [CommandWord] = []
        var at = environ
        while let entry = at.pointee {
            words.append(CommandWord(entry))
            at += 1
        }
        return words
    }

    private func withRecorder(session: String, preload: String) -> [CommandWord] {
        var environment: [CommandWord] = []
        // `NAME::` says to the recorder that it is to take NAME out again: environment.c.
        var preloads = CommandWord((first.map { $0 + "::" } ?? "") + preload)
        for word in Self.inherited() {
            if word.starts(with: "POTTER_SESSION=") { continue }
            if word.starts(with: "LD_PRELOAD=") {
                let others = word.dropping("LD_PRELOAD=".utf8.count)
                if !others.isEmpty { preloads = others.appending(CommandWord(preload), separator: ":") }
                continue
            }
            environment.append(word)
        }
        return environment + [CommandWord("LD_PRELOAD=") + preloads, CommandWord("POTTER_SESSION=\(session)")]
    }
}
