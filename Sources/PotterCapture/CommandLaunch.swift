// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import Glibc
import PotterSymbols

/// The command to record: found and judged before anything starts.
struct CommandLaunch {
    let path: CommandWord
    let arguments: [CommandWord]

    /// Throws as a shell would say it: 127 not found, 126 found but not to be executed (or not to be recorded).
    init(command: [CommandWord]) throws {
        arguments = command
        path = try Self.resolve(command[0])
        try Self.check(path, named: command[0].text)
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

    private static func check(_ path: CommandWord, named name: String) throws {
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
        case .dynamic, .script, .unreadable:
            return
        }
    }

    /// Starts the command with our preload entry added; everything else is inherited.
    func start(session: String, preload: String) throws -> Int32 {
        var environment: [CommandWord] = []
        var preloads = CommandWord(preload)
        var at = environ
        while let entry = at.pointee {
            at += 1
            let word = CommandWord(entry)
            if word.starts(with: "POTTER_SESSION=") { continue }
            if word.starts(with: "LD_PRELOAD=") {
                let others = word.dropping("LD_PRELOAD=".utf8.count)
                if !others.isEmpty { preloads = others.appending(preloads, separator: ":") }
                continue
            }
            environment.append(word)
        }
        environment += [CommandWord("LD_PRELOAD=") + preloads, CommandWord("POTTER_SESSION=\(session)")]
        let pid = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in potter_spawn(path.bytes, arguments, environment) }
        }
        guard pid != -ENOEXEC else {
            throw CaptureError(
                "cannot start \(arguments[0].text): it is neither a program nor a script with a `#!` line; "
                    + "give its interpreter, as in `sh \(arguments[0].text)`", exitStatus: 126)
        }
        guard pid > 0 else {
            let status: Int32 = pid == -ENOENT ? 127 : 126
            throw CaptureError(
                "cannot start \(arguments[0].text): \(errorText(pid)); run it without potter-prof to see",
                exitStatus: status
            )
        }
        return pid
    }
}
