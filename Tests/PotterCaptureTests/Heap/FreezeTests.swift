// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import Foundation
import Testing

@testable import PotterCapture

@Suite(.serialized) struct FreezeTests {
    private struct Target {
        let live: LiveCollector
        let pair: UInt64
        let stop, result: String
    }

    private func start() throws -> Target {
        let program = try Workbench.compile("heap/frozen.c", as: "frozen")
        let directory = Workbench.directory + "/freeze-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let names = ["address", "stop", "result"].map { "\(directory)/\($0)" }
        let live = try LiveCollector([program] + names, directory: directory)
        #expect(try live.turn { FileManager.default.fileExists(atPath: names[0]) && live.session?.threads.count == 7 })
        let pair = try #require(UInt64(String(contentsOfFile: names[0], encoding: .utf8)))
        return Target(live: live, pair: pair, stop: names[1], result: names[2])
    }

    private func pair(_ frozen: FrozenProcess, at address: UInt64) throws -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        let got = try withUnsafeMutableBytes(of: &words) { try frozen.read(address, into: $0) }
        #expect(got == 16)
        return words
    }

    /// The copy stands still, the program does not; nothing of it is to be seen afterwards.
    @Test func copiesStandStill() throws {
        let target = try start()
        var counts: [UInt64] = []
        for round in 0..<20 {
            let frozen = try target.live.freeze(serve: round % 2 == 1)
            let before = try pair(frozen, at: target.pair)
            #expect(before.0 - before.1 <= 1)
            counts.append(before.0)
            var turns = 0
            _ = try target.live.turn {
                turns += 1
                return turns > 5
            }
            #expect(try pair(frozen, at: target.pair) == before)
            #expect(frozen.isServed == (round % 2 == 1))
            #expect(frozen.threads.count == 7 && frozen.threads.allSatisfy { $0.context != nil }, "\(frozen.threads)")
            try checkRegisters(frozen)
            #expect(frozen.end())
        }
        #expect(counts == counts.sorted() && Set(counts).count > 1, "\(counts)")
        try Data().write(to: URL(filePath: target.stop))
        #expect(try target.live.end() == 0)
        #expect(
            try String(contentsOfFile: target.result, encoding: .utf8)
                == "interrupted 0 short 0 children 0 sigchld 0 zombies 0")
    }

    /// Each parked thread's registers lie on its own stack, and name code.
    private func checkRegisters(_ frozen: FrozenProcess) throws {
        for thread in frozen.threads {
            var context = [UInt64](repeating: 0, count: 32)
            let got = try context.withUnsafeMutableBytes { try frozen.read(thread.context ?? 0, into: $0) }
            #expect(got == 256)
            let (sp, pc) = (context[20], context[21])  // uc_mcontext: rsp and rip
            var code: UInt8 = 0
            #expect(try withUnsafeMutableBytes(of: &code) { try frozen.read(pc, into: $0) } == 1)
            #expect(sp > thread.context ?? 0 && sp - (thread.context ?? 0) < 1 << 20)
        }
    }

    /// What is not mapped is not read, and what follows it neither.
    @Test(arguments: [false, true]) func unmappedMemory(isServed: Bool) throws {
        let target = try start()
        let frozen = try target.live.freeze(serve: isServed)
        var bytes = [UInt8](repeating: 1, count: 1 << 16)
        #expect(try bytes.withUnsafeMutableBytes { try frozen.read(0, into: $0) } == 0)
        #expect(try bytes.withUnsafeMutableBytes { try frozen.read(0x7fff_ffff_f000, into: $0) } == 0)
        #expect(try bytes.withUnsafeMutableBytes { try frozen.read(~0 - 100, into: $0) } == 0)
        #expect(frozen.end())
        #expect(throws: CaptureError.self) {
            try bytes.withUnsafeMutableBytes { try frozen.read(target.pair, into: $0) }
        }
        try Data().write(to: URL(filePath: target.stop))
        #expect(try target.live.end() == 0)
    }
}
