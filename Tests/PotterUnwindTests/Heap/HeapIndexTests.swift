// SPDX-License-Identifier: Apache-2.0
// The block index against a model: Tests/Programs/heap/index_model.c.

import Foundation
import Testing

@Suite struct HeapIndexTests {
    private func run(_ arguments: [String]) throws -> String {
        let model = try HeapTools.once("index_model") { path in
            let recorder = TestTools.repository.appending(path: "CShims/CPotterRecorder")
            let sources = ["heap_index.c", "heap_slabs.c", "heap_memory_linux.c"].map { recorder.appending(path: $0) }
            let flags = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-pthread", "-o", path]
            let all = [HeapTools.sources.appending(path: "index_model.c")] + sources
            _ = try TestTools.check(["gcc"] + flags + all.map(\.path) + Harness.includes)
        }
        return try TestTools.check(["timeout", "300", model] + arguments)
    }

    @Test func millionsOfChangesFromSeveralThreads() throws {
        let seed = Int.random(in: 1..<1_000_000)
        let output = try run(["random", "\(seed)", "4", "1500000"])
        print("heap index, seed \(seed): \(output)", terminator: "")
        #expect(output.hasPrefix("operations 6000000 errors 0 blocks "))
    }

    @Test func childrenTakeLocksOver() throws {
        let seed = Int.random(in: 1..<1_000_000)
        let output = try run(["fork", "\(seed)", "3", "40"])
        #expect(output == "children 40 errors 0\n", "seed \(seed)")
    }

    /// 32 bytes a block at 10 million blocks, of 32 bytes as glibc's smallest, and of 48.
    @Test(arguments: [32, 48]) func bytesPerBlock(_ size: Int) throws {
        let output = try run(["bytes", "10000000", "\(size)", "1"])
        print("heap index, \(size) bytes each: \(output)", terminator: "")
        let bytes = try #require(output.firstMatch(of: /bytes-per-block ([\d.]+)/).flatMap { Double($0.1) })
        #expect(bytes > 16 && bytes <= 32)
    }
}
