// SPDX-License-Identifier: Apache-2.0
// Names of types in real memory, beside what Swift itself calls them.

import Testing

@testable import PotterHeap

@Suite struct TypeNameTests {
    @Test(arguments: HeapPrograms.Optimisation.allCases)
    func namesAreThoseThatSwiftGives(_ optimisation: HeapPrograms.Optimisation) throws {
        let run = try FrozenProgram.run(HeapPrograms.swift("types", optimisation)) { image in
            let graph = try HeapGraph(image)
            let labels = Labels(graph)
            return Dictionary(
                uniqueKeysWithValues: (0..<image.blocks.count).map {
                    (image.blocks[$0].address, labels.typeName(of: $0))
                })
        }
        let kept = Truth(run.lines).blocks
        #expect(kept.count == 25)
        for block in kept {
            let name = try #require(run.result[block.address])
            #expect(name.map(normal) == normal(block.type))
        }
        #expect(run.result.values.filter { $0 == "error of types.Broken" }.count == 2)
    }

    /// Swift says where a private type is, writes `Swift.` and no `any`, and tells of extensions.
    private func normal(_ name: String) -> String {
        var text = name.replacing("any ", with: "").filter { $0 != " " }
        text = text.replacing("Swift.", with: "").replacing("Foundation.", with: "")
        text.replace(#/\(unknowncontextat\$[0-9a-f]+\)\./#, with: "")
        return text == "(extensionintypes):Array<Int>.InArray" ? "Array.InArray<Int>" : text
    }

    /// Of all live Swift objects of the test programs, those of the runtime and of Foundation included.
    @Test(arguments: ["leakfree", "mixed", "tasks", "types"])
    func nearlyAllObjectsHaveNames(_ program: String) throws {
        let run = try FrozenProgram.run(HeapPrograms.swift(program, .release)) { try MemorySnapshot(of: $0) }
        let coverage = run.result.coverage
        #expect(coverage.swiftObjects > 10)
        #expect(coverage.namedSwiftObjects * 100 >= coverage.swiftObjects * 95)
        #expect(coverage.unreadBytes == 0)
        #expect(coverage.rejectedBlocks == 0)
    }
}
