// SPDX-License-Identifier: Apache-2.0
// The stack-height analysis of code without an FDE, run over code that has FDEs: the rows must be the same.

import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite struct StackHeightTests {
    /// All of the toolchain's with POTTER_ACCURACY=long; else those with most code of every kind.
    static let libraries: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: TestTools.swiftLibraries)) ?? []
        let some = ["libswiftCore.so", "libswift_Concurrency.so", "libFoundationEssentials.so"]
        let isLong = ProcessInfo.processInfo.environment["POTTER_ACCURACY"] == "long"
        return all.filter { isLong ? $0.hasSuffix(".so") : some.contains($0) }.sorted()
            .map { TestTools.swiftLibraries + "/" + $0 }
    }()

    /// As functions of known extent.
    @Test(arguments: ["/lib/x86_64-linux-gnu/libc.so.6"] + libraries)
    func analysisAgreesWithFrameDescriptions(library: String) throws {
        let counts = try Self.compare(library) { code, address, functions, _, body in
            Self.functions(code, at: address, functions, body)
        }
        print(counts.summary(of: library))
        guard counts.functions > 0 else { return }  // a module without code of its own
        #expect(counts.followed * 100 >= counts.instructions * 93)
        #expect(counts.differing * 1000 <= max(counts.followed, 1000), "\(counts.examples)")
        #expect(counts.inAsynchronous <= counts.asynchronous * 8)
    }

    /// As one piece of code of which nothing is known: where functions begin has to be found, too.
    @Test(arguments: libraries)
    func functionsAreFoundWithoutFrameDescriptions(library: String) throws {
        let counts = try Self.compare(library) { code, address, _, references, body in
            var region = CodeRegion(bytes: code, address: address)
            region.entries = Set(references.entries)
            body(region)
        }
        print("without extents: " + counts.summary(of: library))
        guard counts.instructions > 0 else { return }
        #expect(counts.followed * 100 >= counts.instructions * 93)
        #expect(counts.differing * 100 <= max(counts.followed, 100), "\(counts.examples)")
    }

    private static func compare(
        _ library: String,
        _ regions: (UnsafeRawBufferPointer, UInt64, FunctionRanges, CodeReferences, (CodeRegion) -> Void) -> Void
    ) throws -> Counts {
        let table = try #require(try UnwindTableBuilder.frameTable(path: library).flatMap(UnwindTableView.init))
        let functions = try FunctionRanges(path: library)
        let file = try Data(contentsOf: URL(filePath: library))
        var counts = Counts()
        try file.withUnsafeBytes { bytes in
            let stored = ImageBytes(bytes), decoder = InstructionDecoder()
            let image = try #require(FrameImage(stored))
            let known = FunctionAddresses.all(image.headers, stored)
            // Stubs of .plt share one FDE, or start inside a frame.
            for section in image.codeSections where section.end - section.start > 4096 {
                let code = UnsafeRawBufferPointer(
                    rebasing: bytes[Int(section.offset)..<Int(section.offset + section.end - section.start)])
                let references = CodeReferences(code, at: section.start, gaps: [0..<code.count], functions: known)
                regions(code, section.start, functions, references) {
                    var region = $0
                    region.dataStarts = references.loaded
                    region.tableEntries = { image.numbers(stored, at: $0, count: $1) }
                    compare(region, table, functions, decoder, &counts)
                }
            }
        }
        return counts
    }

    struct Counts {
        var functions = 0, parts = 0, asynchronous = 0
        var instructions = 0, followed = 0, differing = 0, assumed = 0, inAsynchronous = 0
        var examples: [String] = []

        func summary(of library: String) -> String {
            "\(library): \(functions) functions, \(instructions) instructions, \(followed) followed, \(differing) of "
                + "them differ, and \(inAsynchronous) in \(asynchronous) asynchronous functions; \(assumed) assumed"
        }

        mutating func add(
            at address: UInt64, _ reach: StackHeightAnalyzer.Reach, _ rule: UnwindTableView.Rule,
            _ truth: UnwindTableView.Rule, _ function: KnownFunction
        ) {
            instructions += 1
            if reach == .assumed { assumed += 1 }
            guard reach == .followed else { return }
            followed += 1
            if StackHeightTests.leadsToTheSameCaller(rule, truth) { return }
            if function.isAsynchronous {
                inAsynchronous += 1
            } else {
                differing += 1
                if examples.count < 10 { examples.append(String(address, radix: 16) + " \(rule) truth \(truth)") }
            }
        }
    }

    /// What the FDEs say of the function that holds an instruction.
    struct KnownFunction {
        var start: UInt64 = 0, end: UInt64 = 0
        var isPart = false, isAsynchronous = false
    }

    private static func functions(
        _ code: UnsafeRawBufferPointer, at start: UInt64, _ functions: FunctionRanges, _ body: (CodeRegion) -> Void
    ) {
        var address = start
        let end = start + UInt64(code.count)
        while address < end {
            guard let (low, high) = functions.start(containing: address), low == address, high <= end else {
                address += 1
                continue
            }
            let bytes = UnsafeRawBufferPointer(rebasing: code[Int(low - start)..<Int(high - start)])
            body(CodeRegion(bytes: bytes, address: low))
            address = high
        }
    }

    private static func compare(
        _ region: CodeRegion, _ table: UnwindTableView, _ functions: FunctionRanges, _ decoder: InstructionDecoder,
        _ counts: inout Counts
    ) {
        var rows: [(offset: Int, rule: CompactRule, reach: StackHeightAnalyzer.Reach)] = []
        StackHeightAnalyzer.run(region, decoder) { rows.append(($0, $1, $2)) }
        var function = KnownFunction()
        for (index, row) in rows.enumerated() {
            var offset = row.offset
            let end = index + 1 < rows.count ? rows[index + 1].offset : region.bytes.count
            while offset < end, let instruction = decoder.decode(region.bytes, at: offset) {
                defer { offset += instruction.length }
                let address = region.address + UInt64(offset)
                if address >= function.end || address < function.start {
                    guard let (start, end) = functions.start(containing: address) else { continue }
                    function = known(start, end, region, table)
                    counts.functions += 1
                    if function.isPart { counts.parts += 1 }
                    if function.isAsynchronous { counts.asynchronous += 1 }
                }
                if function.isPart { continue }
                counts.add(
                    at: address, row.reach, UnwindTableView.Rule(bits: row.rule.bits), table.rule(at: address), function
                )
            }
        }
    }

    private static func known(_ start: UInt64, _ end: UInt64, _ region: CodeRegion, _ table: UnwindTableView)
        -> KnownFunction
    {
        // Parts that compilers put elsewhere (f.cold) begin inside the frame of f.
        let isPart = table.rule(at: start).bits != StackHeight.entry.rule.bits
        // Asynchronous Swift functions begin with push %rbp; push %r14; lea 8(%rsp),%rbp; some make room before.
        let marks: [UInt8] = [0x41, 0x56, 0x48, 0x8d, 0x6c, 0x24, 0x08]
        let offset = start >= region.address ? Int(start - region.address) : 0
        let isAsynchronous = (offset..<offset + 24).contains {
            region.bytes.dropFirst($0).starts(with: marks)
        }
        return KnownFunction(start: start, end: end, isPart: isPart, isAsynchronous: isAsynchronous)
    }
}

extension StackHeightTests {
    /// r14 matters to async chains only. Where rbp is restored, compilers go on to say that it is in its slot: it is.
    /// And some say that it is pushed only some pushes later: until then it is in the register, too.
    static func leadsToTheSameCaller(_ rule: UnwindTableView.Rule, _ truth: UnwindTableView.Rule) -> Bool {
        rule.kind == truth.kind && rule.offset == truth.offset
            && (rule.fp == truth.fp || rule.fp == PP_RULE_SAME || truth.fp == PP_RULE_SAME)
    }
}

extension UnwindTableView.Rule: CustomStringConvertible {
    var description: String { "kind \(kind) offset \(offset) fp \(fp) async \(async)" }
}
