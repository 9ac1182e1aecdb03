// SPDX-License-Identifier: Apache-2.0
// The memo of stacks is exact: each of its answers is compared with an unwind, in programs that are made to deceive it,
// and in ordinary ones; and the programs know who allocates how often.

import Foundation
import Testing

@Suite struct HeapExactnessTests {
    private func check(_ run: HeapRun, verified: Int, _ location: SourceLocation = #_sourceLocation) {
        #expect(run.status == 0, "\(run.output)", sourceLocation: location)
        #expect(run.counts["verified", default: 0] >= verified, "\(run.counts)", sourceLocation: location)
        #expect(run.counts["different"] == 0, sourceLocation: location)
        #expect(run.counts["unknown-free"] == 0 && run.counts["replaced"] == 0, sourceLocation: location)
        for expectation in run.expectations {
            #expect(expectation.found == expectation.expected, "\(expectation.text)", sourceLocation: location)
        }
        print(
            "heap exactness: \(run.counts["verified", default: 0]) answers compared, \(run.counts["different"]!) different"
        )
    }

    @Test(arguments: [["-O1"], ["-O2", "-fomit-frame-pointer"], ["-O1", "-fno-omit-frame-pointer"], ["-O0"]])
    func stacksThatLookAlike(_ flags: [String]) throws {
        let run = try HeapTools.run(HeapTools.program("shapes.c", flags), flags: 1)
        check(run, verified: 5000)
        #expect(run.expectations.count == 11)
    }

    @Test(arguments: [["-O2"], ["-O0"]])
    func exceptionsAndContainers(_ flags: [String]) throws {
        let run = try HeapTools.run(HeapTools.program("shapes.cc", flags), flags: 1)
        check(run, verified: 20000)
        #expect(run.expectations.count == 3)
    }

    @Test(arguments: [["-O"], ["-Onone"]])
    func swiftAndItsTasks(_ flags: [String]) throws {
        let run = try HeapTools.run(HeapTools.program("shapes.swift", flags), flags: 1)
        check(run, verified: 10000)
        #expect(run.expectations.count == 1)
    }

    @Test func foundationCoders() throws {
        let folder = TestTools.repository.appending(path: "Tests/Programs/replay")
        check(try HeapTools.run(HeapTools.program("json.swift", from: folder), ["1"], flags: 1), verified: 100_000)
    }
}
