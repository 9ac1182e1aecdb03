// SPDX-License-Identifier: Apache-2.0
// Programs that nobody here wrote, as Debian ships them: nearly stripped.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct RealProgramTests {
        static let inputs = Workbench.programs + "/real/"

        /// A program and functions that must appear; those in its dynamic symbol table, where it has one to speak of.
        struct Case: CustomTestStringConvertible, Sendable {
            var name: String
            var command: [String]
            var prepare = ""
            var functions: [String] = []
            var testDescription: String { name }
        }

        static let cases = [
            Case(
                name: "python3", command: ["/usr/bin/python3", inputs + "work.py"],
                functions: ["_PyEval_EvalFrameDefault", "PyUnicode_New", "PyUnicode_RichCompare"]),
            Case(name: "sqlite3", command: ["sqlite3", ":memory:", "-cmd", ".read \(inputs)work.sql"]),
            Case(
                name: "gcc", command: ["gcc", "-O2", "-c", "big.c", "-o", "big.o"],
                prepare: "/usr/bin/python3 \(inputs)generate.py c > big.c",
                functions: [
                    "bitmap_set_bit(bitmap_head*, int)", "bitmap_bit_p(bitmap_head const*, int)",
                    "init_alias_analysis()",
                ]),
            Case(
                name: "git", command: ["git", "--git-dir=repo", "repack", "-q", "-a", "-d", "-f", "--window=200"],
                prepare: """
                    git init -q --bare repo
                    /usr/bin/python3 \(inputs)generate.py git | git --git-dir=repo fast-import --quiet
                    """),
            Case(
                name: "gzip", command: ["sh", "-c", "exec gzip -9 -c input > /dev/null"],
                prepare: "cat $(gcc -print-prog-name=cc1) > input"),
            Case(
                name: "perl", command: ["/usr/bin/perl", inputs + "work.pl"],
                functions: ["Perl_regexec_flags", "Perl_pp_match", "Perl_leave_scope"]),
        ]

        @Test(arguments: cases)
        func namesAreTrue(program: Case) throws {
            let directory = Workbench.directory + "/real-" + program.name
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            if !program.prepare.isEmpty { try Workbench.run(["sh", "-ec", program.prepare], in: directory) }
            let run = try RecordedRun(program.command, in: directory)

            let all = Double(run.totals.totalNs)
            let named = run.sum { chain in
                chain.first { $0 != PseudoFrame.kernel.name && $0 != PseudoFrame.pageFault.name }.map(Self.isNamed)
                    ?? false
            }
            let seen = Set(run.chains.joined())
            let check = try NameCheck(run)
            report(
                program.name,
                "\(named.samples) samples, \((all * 1e-9).short) s, named \((named.weightNs / all).percent) of the "
                    + "weight; \(check.checked) locations checked against readelf, \(check.unknown) in modules without a file; "
                    + "wrong: \(check.wrong.count); unattributed \((Double(run.totals[.unattributed]) / all).percent), failed "
                    + "unwinds \(run.quality.sum(QualityKey.unwindFailed)), fallbacks \(run.quality.sum(QualityKey.unwindFallback))"
            )
            #expect(named.samples >= 1_000)
            #expect(named.weightNs >= 0.95 * all)
            #expect(check.checked >= 30)
            #expect(check.wrong.isEmpty, "\(check.wrong.prefix(5))")
            for function in program.functions { #expect(seen.contains(function), "no \(function)") }
            #expect(run.quality.lost == 0)
        }

        /// A function's name, or `[module+0xSTART]`.
        private static func isNamed(_ name: String) -> Bool {
            guard name.hasPrefix("[") else { return !name.isEmpty }
            return name.wholeMatch(of: #/\[[^\]]+\+0x[0-9a-f]+\]/#) != nil
        }
    }
}
