// SPDX-License-Identifier: Apache-2.0
// Tables of arm64 files beyond their call frame information: stubs and trampolines, hostile files, other machines.

import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite(.enabled(if: ArmTools.isInstalled)) struct ArmTableTests {
    private static let leaf = "sp+0 ra= fp= x22="

    /// Sections of a file, as readelf names them.
    private func section(_ name: String, of path: String) throws -> Range<UInt64> {
        let headers = try TestTools.check(["readelf", "-SW", path])
        let line = try #require(headers.split(separator: "\n").first { $0.contains(" \(name) ") })
        let words = line.split(separator: " ").drop { $0 != name }.map(String.init)
        let (start, size) = (try #require(UInt64(words[2], radix: 16)), try #require(UInt64(words[4], radix: 16)))
        return start..<start + size
    }

    @Test(arguments: ["libstdc++.so.6", "libc.so.6", "signed"])
    func everyPLTStubHasARule(library: String) throws {
        var path = ArmTools.libraries + "/" + library
        if library == "signed" {
            let source = TestTools.programs.appending(path: "arm_preload.c").path
            path = try ArmTools.compile(
                [source], ["-O2", "-mbranch-protection=standard", "-Wl,-z,force-bti,-z,pac-plt"], to: library
            ).path
        }
        let table = try #require(try UnwindTableBuilder.table(path: path, for: .aarch64).flatMap(ArmTable.init))
        let plt = try section(".plt", of: path)
        var rules: [String: Int] = [:]
        for address in stride(from: plt.lowerBound, to: plt.upperBound, by: 4) {
            rules[table.rule(at: address), default: 0] += 1
        }
        // Four instructions a stub; the first stub pushes two registers. What is left is padding.
        let pushed = rules["sp+16 ra-8 fp= x22=", default: 0]
        let described = rules[Self.leaf, default: 0] + pushed
        print("\(library): \(rules)")
        #expect(pushed == 4)
        #expect(rules["none", default: 0] == Int(plt.upperBound - plt.lowerBound) / 4 - described)
        #expect(described * 4 >= Int(plt.upperBound - plt.lowerBound) / 4 * 3)
        let first = library == "signed" ? plt.lowerBound + 4 : plt.lowerBound  // bti c
        #expect(table.rule(at: first) == Self.leaf && table.rule(at: first + 4) == "sp+16 ra-8 fp= x22=")
    }

    /// The kernel's since Linux 5.8 (arch/arm64/kernel/vdso/sigreturn.S), and with call frame information as before.
    @Test(arguments: [false, true])
    func returnFromASignalHandler(hasFrameInformation: Bool) throws {
        let frame = hasFrameInformation ? ".cfi_startproc\n.cfi_signal_frame\n.cfi_def_cfa x29, 0\n" : ""
        let end = hasFrameInformation ? ".cfi_endproc\n" : ""
        let assembly =
            ".text\nstp x29, x30, [sp, #-16]!\nmov x29, sp\n\(frame)nop\n.globl sigreturn\n.type sigreturn, %function\n"
            + "sigreturn: mov x8, #139\nsvc #0\n\(end)udf #0\n"
        try FileManager.default.createDirectory(at: ArmTools.directory, withIntermediateDirectories: true)
        let source = ArmTools.directory.appending(path: "sigreturn\(hasFrameInformation).s")
        try Data(assembly.utf8).write(to: source)
        let library = try ArmTools.compile(
            [source.path], ["-shared", "-nostdlib"], to: "libsigreturn\(hasFrameInformation).so")
        let table = try #require(
            try UnwindTableBuilder.table(path: library.path, for: .aarch64).flatMap(ArmTable.init))
        let text = try section(".text", of: library.path)
        let rules = stride(from: text.lowerBound, to: text.upperBound, by: 4).map { table.rule(at: $0) }
        #expect(rules == ["none", "none", "signal", "signal", "signal", "none"])
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func mutatedFilesYieldSoundTablesOrNone(seed: UInt64) throws {
        let path = ArmTools.libraries + "/libgcc_s.so.1"
        let original = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let frames = try section(".eh_frame", of: path)  // in the first segment: its address is its offset
        let places = [Int(frames.lowerBound)..<Int(frames.upperBound), 0..<1024, 0..<original.count]
        var random = SeededGenerator(state: seed)
        for round in 0..<60 {
            var image = original
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let place = places[
                    Int.random(in: 0..<8, using: &random) < 6 ? 0 : Int.random(in: 1...2, using: &random)]
                image[Int.random(in: place, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let blob = image.withUnsafeBytes { UnwindTableBuilder.table(image: $0, for: .aarch64) }
            guard let blob else { continue }
            #expect(blob.count < 16 << 20, "seed \(seed) round \(round)")
            #expect(ArmTable(blob) != nil, "seed \(seed) round \(round)")
        }
    }

    @Test func coverageOfALibrary() throws {
        let path = ArmTools.libraries + "/libstdc++.so.6"
        let coverage = try #require(try UnwindCoverage(path: path, for: .aarch64))
        print("libstdc++: \(coverage)")
        #expect(coverage.functions > 4000)
        #expect(coverage.withFramePointer * 2 > coverage.functions && coverage.withFramePointer < coverage.functions)
        #expect(coverage.described * 100 > coverage.code * 97)
        // Stubs have rules but no call frame information.
        let stubs = try section(".plt", of: path)
        #expect(coverage.synthesized * 10 >= (stubs.upperBound - stubs.lowerBound) * 9)
    }

    @Test func filesOfAnotherMachineHaveNoTable() throws {
        #expect(try UnwindTableBuilder.table(path: ArmTools.libraries + "/libgcc_s.so.1", for: .x86_64) == nil)
        #expect(try UnwindTableBuilder.table(path: "/lib/x86_64-linux-gnu/libgcc_s.so.1", for: .aarch64) == nil)
    }
}
