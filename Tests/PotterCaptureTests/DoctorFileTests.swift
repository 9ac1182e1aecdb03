// SPDX-License-Identifier: Apache-2.0
// What `potter-prof doctor` reads in a program's file: names, lines, unwind tables, frame pointers, languages.
import Foundation
import Testing

extension RobustTests {
    @Suite struct DoctorFiles {
        private let place = RecordProcess(plain: ["true"])

        private func run(_ words: String...) throws -> String {
            let result = RecordProcess(plain: words).wait()
            try #require(result.status == 0, "\(words): \(result.errors)")
            return result.output
        }

        private func file(_ path: String) throws -> DoctorReport.File {
            try #require(try DoctorReport([path]).program?.file)
        }

        @Test func strippedPrograms() throws {
            let stripped = place.scratch + "/stripped", debug = place.scratch + "/stripped.debug"
            _ = try run("objcopy", "--only-keep-debug", RobustBench.program, debug)
            _ = try run("strip", "-o", stripped, RobustBench.program)
            let bare = try DoctorReport([stripped])
            #expect(bare.status == 1 && bare.program?.file?.symtab_functions == 0, "\(bare.text)")
            #expect(bare.checks["program.symbols"]?.status == "warning")
            let id = try #require(bare.program?.file?.build_id)
            #expect(try run("readelf", "-n", stripped).contains("Build ID: \(id)\n"))
            #expect(bare.checks["program.symbols"]?.command?.contains("/.build-id/\(id.prefix(2))/") == true)
            #expect(bare.checks["program.lines"]?.status == "warning")
            // Stacks do not suffer.
            #expect(bare.checks["program.unwind"]?.status == "ok")
            _ = try run("objcopy", "--add-gnu-debuglink=\(debug)", stripped)
            let linked = try DoctorReport([stripped])
            #expect(linked.status == 0 && linked.program?.file?.debug_file == debug, "\(linked.text)")
            let functions = try run("sh", "-c", "nm \(RobustBench.program) | grep -ci ' [tiw] '")
            let named = try #require(linked.number(in: "program.symbols", after: ""))
            #expect(abs(named - Int(functions.filter(\.isNumber))!) <= 12, "\(named) of \(functions)")
        }

        @Test func withoutDebugInformation() throws {
            let plain = RobustBench.build("robust.c", "-pthread", "-g0")
            let report = try DoctorReport([plain])
            #expect(report.status == 1 && report.checks["program.lines"]?.status == "warning", "\(report.text)")
            #expect(report.checks["program.symbols"]?.status == "ok")
        }

        /// The bytes that FDEs describe, by binutils.
        @Test(arguments: ["/usr/bin/sqlite3", "/bin/bash", "/usr/bin/git"]) func coverage(path: String) throws {
            let unwind = try #require(try file(path).unwind)
            let script =
                #"readelf -wF \#(path) 2>/dev/null | sed -n 's/.*FDE.*pc=\([0-9a-f]*\)\.\.\([0-9a-f]*\)$/\1 \2/p'"#
            var described = 0, functions = 0
            for line in try run("sh", "-c", script).split(separator: "\n") {
                let ends = line.split(separator: " ").compactMap { Int($0, radix: 16) }
                described += ends[1] - ends[0]
                functions += 1
            }
            try #require(functions > 100)
            let share = Double(described) / Double(unwind.code_bytes) * 100
            #expect(abs(unwind.described_percent - share) < 0.3, "\(unwind) but \(share) by readelf")
            #expect(abs(unwind.described_functions - functions) * 200 <= functions, "\(unwind) but \(functions)")
            let all = unwind.described_percent + unwind.synthesized_percent + unwind.unsupported_percent
            #expect(abs(all + unwind.uncovered_percent - 100) < 0.01, "\(unwind)")
            #expect(unwind.described_percent > 95, "\(unwind)")
        }

        @Test func codeWithoutTables() throws {
            let path = RobustBench.build(
                "robust.c", "-pthread", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-g0")
            let unwind = try #require(try file(path).unwind)
            #expect(unwind.synthesized_percent > 80 && unwind.described_percent < 20, "\(unwind)")
            #expect(try DoctorReport([path]).checks["program.unwind"]?.status == "ok")
        }

        @Test func framePointers() throws {
            func percent(_ flag: String) throws -> Double {
                let path = RobustBench.build("robust.c", "-pthread", "-O1", flag)
                return try #require(try file(path).unwind?.frame_pointer_percent)
            }
            let (with, without) = (try percent("-fno-omit-frame-pointer"), try percent("-fomit-frame-pointer"))
            #expect(with > 75 && without < 20, "\(with), \(without)")
        }

        @Test func languages() throws {
            #expect(try file(RobustBench.program).languages == ["c"])
            #expect(try file(try Workbench.compile("split.cc")).languages == ["c++"])
            #expect(try file(try Workbench.compile("split.rs")).languages == ["rust"])
            let swift = try file(try Workbench.compile("split.swift"))
            #expect(swift.languages == ["swift"])
            // A bare `swiftc -O` describes a part of its code alone.
            let unwind = try #require(swift.unwind)
            #expect(unwind.synthesized_percent > 5 && unwind.uncovered_percent < 5, "\(unwind)")
            let stripped = place.scratch + "/stripped"
            for source in ["split.cc", "split.rs", "split.swift"] {
                _ = try run("strip", "-o", stripped, try Workbench.compile(source))
                #expect(try file(stripped).languages == file(try Workbench.compile(source)).languages)
            }
        }

        /// What the doctor says of sanitizers is what `record` does.
        @Test(arguments: ["gcc address", "gcc thread", "clang address"])
        func sanitizers(kind: String) throws {
            let (compiler, name) = (kind.split(separator: " ")[0], String(kind.split(separator: " ")[1]))
            let tool = compiler == "gcc" ? "gcc" : Workbench.toolchain("clang")
            let path = try DoctorReport.build(
                "fixed.c", as: kind.replacing(" ", with: "-"), in: place.scratch,
                [tool, "-O1", "-g", "-fsanitize=\(name)"])
            let report = try DoctorReport([path])
            #expect(report.program?.file?.sanitizer == name, "\(report.text)")
            let result = RecordProcess([path, "0.01"]).wait()
            #expect(result.status == 0 && report.checks["program.sanitizer"]?.status == "ok", "\(result)")
        }
    }
}
