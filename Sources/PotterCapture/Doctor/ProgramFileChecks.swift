// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterCore
import PotterSymbols

/// What a program's file gives to a report: names, lines, stacks.
struct ProgramFileChecks {
    /// Above this part of the code without a rule, and so many bytes (what the C library adds to every program has some),
    /// stacks will be missed.
    private static let tolerated = (percent: 5.0, bytes: UInt64(4096))

    let path: String
    let kind: ProgramDiagnosis.Kind

    func add(to diagnosis: inout ProgramDiagnosis) {
        do {
            let facts = try ProgramFacts(path: path)
            diagnosis.facts = facts
            guard !facts.module.isTruncated else {
                diagnosis.checks.append(
                    DoctorCheck(
                        "program.file", "file", .problem, "the file ends before its code and data do: it is cut",
                        do: "build or install it again"))
                return
            }
            diagnosis.checks += [symbols(facts), lines(facts), stacks(facts), framePointers(facts)].compactMap { $0 }
            diagnosis.checks += [identity(facts), language(facts), sanitizer(facts)].compactMap { $0 }
        } catch {
            diagnosis.checks.append(
                DoctorCheck("program.file", "file", .problem, "\(error)", do: "build or install it again"))
        }
    }

    private func symbols(_ facts: ProgramFacts) -> DoctorCheck {
        let module = facts.module
        if facts.namedFunctions > 0 {
            let place = module.symtabFunctions > 0 ? ".symtab" : module.debugFile?.path ?? ""
            return DoctorCheck(
                "program.symbols", "symbols", .ok, "\(Units.count(facts.namedFunctions)) functions named in \(place)")
        }
        let exported =
            module.dynsymFunctions == 0
            ? "not one function has a name"
            : "only the \(Units.count(module.dynsymFunctions)) functions that it exports have names"
        let (advice, command) = isPackaged ? packageAdvice : ownAdvice(module)
        return DoctorCheck(
            "program.symbols", "symbols", .warning,
            "stripped: \(exported), the others show as [\(name)+0x1234]", do: advice, run: command)
    }

    private var isPackaged: Bool {
        let real = PreloadLibrary.absolute(path)
        return access("/etc/debian_version", F_OK) == 0 && real.hasPrefix("/usr/") && !real.hasPrefix("/usr/local/")
    }

    private var packageAdvice: (String, String?) {
        ("install the -dbgsym package of the one that it belongs to, from debian-debug", "dpkg -S \(path)")
    }

    private func ownAdvice(_ module: ModuleFacts) -> (String, String?) {
        let place = ModuleFacts.debugFilePath(of: module.buildID)
        let link = module.debugLink.map { ", or its debug file \($0) beside it" } ?? ""
        return (
            "keep an unstripped copy of the same build"
                + (place.map { " as \($0)" } ?? " (it has no build-id to find it by)") + link,
            place.map { "sudo install -D UNSTRIPPED-\(name) \($0)" }
        )
    }

    private func lines(_ facts: ProgramFacts) -> DoctorCheck {
        guard facts.hasDebugInfo else {
            return DoctorCheck(
                "program.lines", "lines", .warning,
                "no debug information: no source lines, and inlined functions are part of their callers",
                do: "build with -g; it costs no run time")
        }
        let place = facts.module.hasDebugInfo ? "in the file" : facts.module.debugFile?.path ?? ""
        return DoctorCheck("program.lines", "lines", .ok, "DWARF \(place): source lines and inlined functions")
    }

    private func stacks(_ facts: ProgramFacts) -> DoctorCheck? {
        guard let unwind = facts.unwind else { return nil }
        let parts =
            "\(Units.percent(unwind.describedPercent)) of its code by call frame information, "
            + (UnwindCoverage.analysesCode
                ? "\(Units.percent(unwind.synthesizedPercent)) by analysis of the code, "
                : "none by analysis of the code, which knows x86-64 alone, ")
            + "\(Units.percent(unwind.uncoveredPercent + unwind.unsupportedPercent)) not"
        let isPoor =
            100 - unwind.coveredPercent > Self.tolerated.percent
            && unwind.uncovered + unwind.unsupported > Self.tolerated.bytes
        return DoctorCheck(
            "program.unwind", "stacks", isPoor ? .warning : .ok,
            parts + (isPoor ? ": stacks through that code are tried by frame pointers, and may end early" : ""),
            do: isPoor ? "build with -fasynchronous-unwind-tables" : nil)
    }

    private func framePointers(_ facts: ProgramFacts) -> DoctorCheck? {
        guard let unwind = facts.unwind, let percent = unwind.framePointerPercent else { return nil }
        return DoctorCheck(
            "program.frame_pointers", "frame pointers", .ok,
            "\(Units.count(unwind.withFramePointer)) of \(Units.count(unwind.functions)) described functions "
                + "(\(Units.percent(percent))) set one up; stacks do not depend on them")
    }

    private func identity(_ facts: ProgramFacts) -> DoctorCheck {
        guard let id = facts.module.buildIDText else {
            return DoctorCheck(
                "program.build_id", "build-id", .ok, "none: a file replaced after the recording will not be noticed",
                do: "link with -Wl,--build-id")
        }
        return DoctorCheck("program.build_id", "build-id", .ok, id)
    }

    private func language(_ facts: ProgramFacts) -> DoctorCheck {
        let languages = facts.module.languages
        guard languages.contains("go") else {
            return DoctorCheck("program.language", "language", .ok, languages.joined(separator: ", "))
        }
        return DoctorCheck(
            "program.language", "language", .warning,
            "Go: where it installs a seccomp filter by itself, the kernel may kill it at the next sample",
            do: "do not record it if it confines itself")
    }

    /// Its runtime is loaded before the recorder (Docs/Transparency.md).
    private func sanitizer(_ facts: ProgramFacts) -> DoctorCheck? {
        facts.module.sanitizer.map {
            DoctorCheck("program.sanitizer", "sanitizer", .ok, "\($0.name): its checks are part of the profile")
        }
    }

    private var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
