// SPDX-License-Identifier: Apache-2.0
// The stack-height analysis of code without an FDE, run over code that has FDEs: the rows must be the same.

import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite struct StackHeightTests {
    static let libraries = [
        TestTools.swiftLibraries + "/libswiftCore.so", TestTools.swiftLibraries + "/libFoundationEssentials.so",
        TestTools.swiftLibraries + "/libswift_Concurrency.so",
    ].filter { FileManager.default.fileExists(atPath: $0) }

    @Test(arguments: libraries)
    func analysisAgreesWithFrameDescriptions(library: String) throws {
        let table = try #require(try UnwindTableBuilder.table(path: library).flatMap(UnwindTableView.init))
        let functions = try FunctionRanges(path: library)
        let file = try Data(contentsOf: URL(filePath: library))
        var counts = Counts()
        try file.withUnsafeBytes { bytes in
            let image = try #require(FrameImage(ImageBytes(bytes)))
            for section in image.codeSections where section.start < section.end {
                let code = UnsafeRawBufferPointer(
                    rebasing: bytes[Int(section.offset)..<Int(section.offset + section.end - section.start)])
                Self.compare(code, at: section.start, functions, table, &counts)
            }
        }
        print(
            "\(library): \(counts.functions) functions, \(counts.instructions) instructions,",
            "\(counts.differing) differ, \(counts.unreached) not reached")
        #expect(counts.instructions > 10_000)
        // What differs: cases of switches that are padded, so that they look like functions; and, in asynchronous
        // functions, CFI that forgets the push of r14: there the analysis is right.
        #expect(counts.differing * 33 <= counts.instructions, "\(counts.examples)")
    }

    struct Counts {
        var functions = 0, instructions = 0, differing = 0, unreached = 0
        var examples: [String] = []
    }

    private static func compare(
        _ code: UnsafeRawBufferPointer, at start: UInt64, _ functions: FunctionRanges, _ table: UnwindTableView,
        _ counts: inout Counts
    ) {
        var address = start
        let end = start + UInt64(code.count)
        while address < end {
            guard let (low, high) = functions.start(containing: address), low == address, high <= end else {
                address += 1
                continue
            }
            let function = UnsafeRawBufferPointer(rebasing: code[Int(low - start)..<Int(high - start)])
            counts.functions += 1
            compare(function, at: low, table, &counts)
            address = high
        }
    }

    private static func compare(
        _ function: UnsafeRawBufferPointer, at start: UInt64, _ table: UnwindTableView, _ counts: inout Counts
    ) {
        var rows: [(offset: Int, rule: CompactRule)] = []
        StackHeightAnalyzer.run(function, at: start) { rows.append(($0, $1)) }
        for (index, row) in rows.enumerated() {
            var offset = row.offset
            let end = index + 1 < rows.count ? rows[index + 1].offset : function.count
            while offset < end, let instruction = InstructionDecoder.decode(function, at: offset) {
                defer { offset += instruction.length }
                counts.instructions += 1
                let truth = table.rule(at: start + UInt64(offset))
                if truth.kind == PP_UNWIND_PLT.rawValue { continue }  // the stubs share one FDE
                if row.rule == .none { counts.unreached += 1 }
                if row.rule == .none || Self.leadsToTheSameCaller(UnwindTableView.Rule(bits: row.rule.bits), truth) {
                    continue
                }
                counts.differing += 1
                if counts.examples.count < 10 {
                    counts.examples.append(
                        String(start + UInt64(offset), radix: 16)
                            + " \(UnwindTableView.Rule(bits: row.rule.bits)) \(truth)")
                }
            }
        }
    }
}

extension StackHeightTests {
    /// r14 matters to async chains only. Where rbp is restored, compilers go on to say that it is in its slot: it is.
    static func leadsToTheSameCaller(_ rule: UnwindTableView.Rule, _ truth: UnwindTableView.Rule) -> Bool {
        rule.kind == truth.kind && rule.offset == truth.offset && (rule.fp == truth.fp || rule.fp == PP_RULE_SAME)
    }
}

extension UnwindTableView.Rule: CustomStringConvertible {
    var description: String { "kind \(kind) offset \(offset) fp \(fp) async \(async)" }
}
