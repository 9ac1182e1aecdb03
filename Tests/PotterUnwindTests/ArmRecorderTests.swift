// SPDX-License-Identifier: Apache-2.0
// The recorder's C for arm64 under the emulator: the preload library without a collector changes nothing, and the
// unwinder keeps its bounds.

import Foundation
import Testing

@testable import PotterSymbols

@Suite(.serialized, .enabled(if: ArmTools.isInstalled)) struct ArmRecorderTests {
    @Test func preloadLibraryWithoutACollectorChangesNothing() throws {
        let source = TestTools.programs.appending(path: "arm_preload.c").path
        let program = try ArmTools.compile([source], ["-O2"], to: "preloaded")
        let library = ArmTools.directory.appending(path: "preload").path
        _ = try TestTools.check([TestTools.repository.appending(path: "Scripts/check-aarch64").path, library])
        let emulator = ArmTools.emulator()
        let preload = ["-E", "LD_PRELOAD=\(library)/libPotterPreload.so"]
        let plain = try TestTools.check(emulator + [program.path]).split(separator: "\n")
        let recorded = try TestTools.check(emulator + preload + [program.path]).split(separator: "\n")
        #expect(plain.first == "syscall is of libc.so.6")
        #expect(recorded.first == "syscall is of libPotterPreload.so")
        #expect(plain.dropFirst() == recorded.dropFirst())
        #expect(plain.dropFirst().first == "getpid 1")
        #expect(plain.contains("names arm-preload arm-preload") && plain.contains("child 1 23"))
        #expect(plain.last == "thread")
    }

    @Test(arguments: [11, 12, 13])
    func unwinderStaysInBoundsOnStacksThatMakeNoSense(seed: Int) throws {
        let recorder = TestTools.repository.appending(path: "CShims/CPotterRecorder")
        let sources =
            [TestTools.programs.appending(path: "arm_bounds.c")]
            + ["unwind.c", "unwind_fallback.c"].map { recorder.appending(path: $0) }
        let program = try ArmTools.compile(sources.map(\.path), ["-O2"], to: "bounds")
        let table = try #require(try UnwindTableBuilder.table(path: ArmTools.libraries + "/libc.so.6", for: .aarch64))
        let file = ArmTools.directory.appending(path: "libc.table")
        try Data(table).write(to: file)
        let output = try TestTools.check(ArmTools.emulator() + [program.path, file.path, "600", "\(seed)"])
        let counts = Harness.counts(output, "rounds")
        print("arm64 bounds, seed \(seed): \(output)")
        #expect(output.hasPrefix("rounds 600 "))
        #expect(counts["incomplete", default: 0] > 30)  // most walks end in nonsense, and say so
        #expect(counts["deep", default: 0] > 20)  // but not all of them at once
    }
}
