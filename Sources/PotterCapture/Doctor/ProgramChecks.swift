// SPDX-License-Identifier: Apache-2.0
// What a named program is to `record`. The verdict on a command is that of CommandLaunch, which `record` asks: here it
// is only explained. Scripts are followed to the program that runs them, as the kernel and `env` would.

import CPotterSys
import Glibc
import PotterSymbols

struct ProgramChecks {
    /// As many `#!` lines as the kernel follows.
    private static let deepest = 5

    private let words: [CommandWord]
    private let isCommand: Bool

    init(_ subject: DoctorRun.Subject) {
        switch subject {
        case .command(let words): (self.words, isCommand) = (words, true)
        case .binary(let word):
            let isHere = access(word.bytes, F_OK) == 0 && !word.text.contains("/")
            (words, isCommand) = ([isHere ? CommandWord(".").appending(word) : word], false)
        }
    }

    func diagnosis() -> ProgramDiagnosis {
        var result = ProgramDiagnosis(path: words[0].text, kind: .missing)
        let path: CommandWord
        do {
            path = try CommandLaunch.resolve(words[0])
        } catch {
            result.checks = [Self.check(.problem, "\(error)")]
            return result
        }
        result.path = path.text
        result.kind = Self.kind(of: path)
        if result.kind == .script { return followed(path, result) }
        result.checks = [judgement(path, result.kind)]
        guard result.kind != .notAProgram, result.kind != .unreadable else { return result }
        guard result.checks[0].status != .problem || ProgramHead(path: path).isELF else { return result }
        ProgramFileChecks(path: path.text, kind: result.kind).add(to: &result)
        return result
    }

    // MARK: Kinds

    private static func kind(of path: CommandWord) -> ProgramDiagnosis.Kind {
        var file = stat()
        guard stat(path.bytes, &file) == 0 else { return .missing }
        guard file.st_mode & S_IFMT == S_IFREG else { return .notAProgram }
        let head = ProgramHead(path: path)
        if head.isELF, let kind = elfKind(path, head), kind != .dynamic { return kind }
        guard access(path.bytes, X_OK) == 0 else { return .notExecutable }
        if changesUser(file) { return .setuid }
        if geteuid() != 0, potter_has_file_capabilities(path.bytes) { return .capabilities }
        if access(path.bytes, R_OK) != 0 { return .unreadable }
        return head.isELF ? .dynamic : head.interpreterLine != nil ? .script : .notAProgram
    }

    private static func changesUser(_ file: stat) -> Bool {
        (file.st_mode & S_ISUID != 0 && file.st_uid != geteuid())
            || (file.st_mode & S_ISGID != 0 && file.st_gid != getegid())
    }

    private static func elfKind(_ path: CommandWord, _ head: ProgramHead) -> ProgramDiagnosis.Kind? {
        switch ProgramKind(path: path.bytes) {
        case .staticallyLinked:
            (try? ModuleFacts.isSharedLibrary(path: path.text)) == true ? .sharedLibrary : .staticallyLinked
        case .foreignLoader(let loader):
            loader.hasPrefix("/") ? .foreignLoader : head.is32Bit ? .wordSize : .machine
        case .dynamic: .dynamic
        case .script, .unreadable: .notAProgram
        }
    }

    // MARK: Judgement

    private static func check(
        _ status: DoctorCheck.Status, _ message: String, do advice: String? = nil, run command: String? = nil
    ) -> DoctorCheck {
        DoctorCheck("program.kind", "kind", status, message, do: advice, run: command)
    }

    /// What `record` says to it.
    private func judgement(_ path: CommandWord, _ kind: ProgramDiagnosis.Kind) -> DoctorCheck {
        if kind == .sharedLibrary, !isCommand {
            return Self.check(.ok, "a shared library: recorded as a part of the programs that load it")
        }
        do {
            _ = try CommandLaunch(command: [path])
        } catch {
            let parts = "\(error)".split(separator: ";", maxSplits: 1).map { $0.trimmed }
            let loader = kind == .wordSize ? "a 32-bit program: " : ""
            return Self.check(
                .problem, loader + (parts.first ?? ""), do: parts.dropFirst().first, run: Self.remedy(kind, path.text))
        }
        switch kind {
        case .dynamic: return Self.check(.ok, "dynamically linked, of this system's loader")
        case .unreadable:
            return Self.check(
                .warning, "it may be executed, not read: what it is, and what its functions are called, stays unknown",
                do: "let this user read it", run: "chmod +r \(path.text)")
        case .notAProgram where ProgramHead(path: path).isELF:
            return Self.check(.problem, "an ELF file, but a damaged one", do: "build or install it again")
        case .notAProgram:
            return Self.check(
                .problem, "neither a program nor a script with a `#!` line: it cannot be executed",
                do: "give its interpreter", run: "potter-prof record -- sh \(path.text)")
        default: return Self.check(.problem, "it cannot be recorded: \(kind.rawValue)")
        }
    }

    private static func remedy(_ kind: ProgramDiagnosis.Kind, _ path: String) -> String? {
        switch kind {
        case .notExecutable: "chmod +x \(path)"
        case .setuid, .capabilities: "cp \(path) /tmp/copy && potter-prof record -- /tmp/copy"
        default: nil
        }
    }

    // MARK: Scripts

    private func followed(_ script: CommandWord, _ diagnosis: ProgramDiagnosis) -> ProgramDiagnosis {
        var result = diagnosis
        let last: CommandWord
        do {
            last = try Self.lastInterpreter(of: script) { result.interpreters.append($0.text) }
        } catch {
            result.checks = [Self.check(.problem, "a script, but \(error)")]
            return result
        }
        let kind = Self.kind(of: last)
        let judged = judgement(last, kind)
        let chain = result.interpreters.joined(separator: ", ")
        result.checks = [
            kind == .script
                ? Self.check(.problem, "a script of scripts, more than the kernel follows: \(chain)")
                : Self.check(
                    judged.status, "a script of \(chain): \(judged.message)", do: judged.advice, run: judged.command)
        ]
        if judged.status != .problem { ProgramFileChecks(path: last.text, kind: kind).add(to: &result) }
        return result
    }

    /// Throws what `record` would say of a program that `env` does not find.
    private static func lastInterpreter(of script: CommandWord, visit: (CommandWord) -> Void) throws -> CommandWord {
        var path = script
        for _ in 0..<deepest {
            guard let line = ProgramHead(path: path).interpreterLine else { break }
            path = line.path
            visit(path)
            guard path.text.hasSuffix("/env"), let program = programOfEnv(line.argument) else { continue }
            path = try CommandLaunch.resolve(program)
            visit(path)
        }
        return path
    }

    /// The program that `env` would run: `#!/usr/bin/env -S FLAG=1 python3 -u`.
    private static func programOfEnv(_ argument: CommandWord?) -> CommandWord? {
        let words = (argument?.text ?? "").split { $0 == " " || $0 == "\t" }
        return words.first { !$0.hasPrefix("-") && !$0.contains("=") }.map { CommandWord(String($0)) }
    }
}
