// SPDX-License-Identifier: Apache-2.0
// The malloc hooks against programs that know what they allocate, and say so: exact mode must have counted just that, by
// function; nothing may have been lost, and the block index must agree with the counters.

import Foundation
import Testing

@Suite struct HeapHookTests {
    /// Counters that say that something was not recorded as it was.
    private static let losses = [
        "no-table", "no-index", "unknown-free", "replaced", "nested-lost", "stacks-full", "different", "no-mapping",
    ]

    private func check(_ run: HeapRun, atLeast expectations: Int, _ location: SourceLocation = #_sourceLocation) {
        #expect(run.status == 0, "\(run.output)", sourceLocation: location)
        #expect(run.refused == 0, sourceLocation: location)
        #expect(run.expectations.count >= expectations, "\(run.output)", sourceLocation: location)
        for expectation in run.expectations {
            #expect(expectation.found == expectation.expected, "\(expectation.text)", sourceLocation: location)
        }
        for loss in Self.losses { #expect(run.counts[loss] == 0, "\(loss)", sourceLocation: location) }
        for frozen in run.frozen {
            #expect(frozen["differences"] == 0, "\(frozen)", sourceLocation: location)
            #expect(frozen["short"] == 0, "\(frozen)", sourceLocation: location)
        }
    }

    @Test func everyFunctionAtItsEdges() throws {
        check(try HeapTools.run(HeapTools.program("edges.c")), atLeast: 10)
    }

    @Test func mappingsWholeAndInPart() throws {
        let run = try HeapTools.run(HeapTools.program("mappings.c"))
        check(run, atLeast: 4)
        let mapped = try #require(run.output.firstMatch(of: /mapped (\d+)/))
        #expect(run.frozen.first?["mapped"] == Int(mapped.1))
        let kinds = { (name: String) in Set(run.sites.filter { $0.stack.hasPrefix(name) }.map(\.kind)) }
        #expect(kinds("map;") == [1] && kinds("move;") == [1] && kinds("map_file;") == [2])
    }

    @Test func threadsThatFreeEachOthersBlocksAndEnd() throws {
        let run = try HeapTools.run(HeapTools.program("threads.c"), flags: 1)
        check(run, atLeast: 4)
        #expect(run.frozen.count == 1)
        let incomplete = run.sites.filter { $0.stack.contains("<incomplete>") }
        #expect(incomplete.isEmpty, "\(incomplete.map(\.stack))")
    }

    @Test func forkedChildrenOwnTheirCopy() throws {
        check(try HeapTools.run(HeapTools.program("forks.c"), flags: 1), atLeast: 6)
    }

    /// With `now` the loader calls the resolver of an IFUNC while it relocates, when nothing of ours works yet.
    @Test(arguments: ["lazy", "now"]) func beforeTheConstructor(_ binding: String) throws {
        let library = try HeapTools.library("early_library.c")
        let flags = [library, "-Wl,-rpath,\(HeapTools.directory.path)", "-Wl,-z,\(binding)"]
        let run = try HeapTools.run(HeapTools.program("early.c", flags))
        check(run, atLeast: 3)
        let early = try #require(run.sites.first { $0.stack == "<early>" && $0.process == 0 })
        // The constructor's four blocks and its thread's, at least; four are freed or resized.
        #expect(early.allocations >= 5 && early.bytes >= 6607)
        #expect(early.frees >= 4)
    }

    @Test(arguments: ["filter", "limit"]) func programsThatCloseThemselvesIn(_ way: String) throws {
        check(try HeapTools.run(HeapTools.program("withdraw.c"), [way]), atLeast: 2)
    }

    @Test func withinTheLoader() throws {
        let plugin = try HeapTools.library("plugin_library.c")
        check(try HeapTools.run(HeapTools.program("plugins.c"), [plugin], flags: 1, also: [plugin]), atLeast: 2)
    }

    @Test func handlersThatAllocateWithinHooks() throws {
        let allocator = try HeapTools.library("bump_library.c")
        let run = try HeapTools.run(HeapTools.program("signals.c"), flags: 1, next: allocator)
        check(run, atLeast: 3)
        let nested = run.sites.filter { $0.stack == "<nested>" }.reduce(0) { $0 + $1.allocations }
        #expect(nested > 0)  // else no handler came within a hook
    }

    /// Other allocators underneath, as a preload and as a library of the program.
    @Test(arguments: ["libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2"])
    func otherAllocators(_ name: String) throws {
        let allocator = "/usr/lib/x86_64-linux-gnu/" + name
        try #require(FileManager.default.fileExists(atPath: allocator), "Scripts/setup test installs it")
        check(try HeapTools.run(HeapTools.program("threads.c"), next: allocator), atLeast: 4)
        check(try HeapTools.run(HeapTools.program("forks.c"), next: allocator), atLeast: 6)
        check(try HeapTools.run(HeapTools.program("threads.c", [allocator])), atLeast: 4)
    }

    @Test func offLeavesNothing() throws {
        let run = try HeapTools.run(HeapTools.program("threads.c"), mode: "off")
        #expect(run.status == 0 && run.sites.isEmpty && run.frozen == [[:]])
    }

    @Test func programsWithLimitsAreRefused() throws {
        let program = try HeapTools.program("threads.c")
        let run = try HeapTools.run("/bin/sh", ["-c", "ulimit -d 40000000; exec \(program)"])
        #expect(run.status == 0 && run.refused == 1)
    }

    @Test func libraryUsesNoDynamicThreadLocals() throws {
        let symbols = try TestTools.check(["nm", "-D", "--undefined-only", HeapTools.library])
        #expect(symbols.contains("dl_iterate_phdr") && !symbols.contains("__tls_get_addr"))
        let exported = try TestTools.check(["nm", "-D", "--defined-only", HeapTools.library])
        let names = Set(exported.split(separator: "\n").compactMap { $0.split(separator: " ").last })
        let family: [Substring] = [
            "malloc", "calloc", "realloc", "reallocarray", "free", "posix_memalign", "aligned_alloc", "memalign",
            "valloc",
            "pvalloc", "cfree", "free_sized", "free_aligned_sized", "mmap", "mmap64", "munmap", "mremap",
        ]
        #expect(names.isSuperset(of: family) && !names.contains("malloc_usable_size"))
    }
}
