// SPDX-License-Identifier: Apache-2.0
// Code that comes and goes: two libraries in turn at one address, and libraries that the caller's RUNPATH finds.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct PluginTests {
        /// The plug-ins, in a directory of their own.
        static func plugins() throws -> (one: String, two: String) {
            let directory = Workbench.directory + "/plugins"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let paths = try ["one", "two"].map { name in
                try Workbench.compile(
                    "plugin.c", ["-shared", "-fPIC", "-DENTRY=\(name)_entry", "-DLEAF=\(name)_leaf"],
                    as: "plugins/lib\(name).so")
            }
            return (paths[0], paths[1])
        }

        @Test func twoLibrariesAtOneAddress() throws {
            let plugins = try Self.plugins()
            let host = try Workbench.compile("plugin_host.c")
            let run = try RecordedRun([host, Workbench.isLong ? "60" : "8", plugins.one, plugins.two])
            let (rounds, same) = (try run.truth("rounds"), try run.truth("same"))
            let counts = Self.count(run)
            report(
                "two libraries at one address",
                "\(Int(rounds)) rounds, \(Int(same)) at the same address; \(counts.one) + "
                    + "\(counts.two) samples, wrong: \(counts.wrong.count), without name: \(counts.unnamed), raced "
                    + "\(run.quality.number(QualityKey.stacksRaced)), failed \(run.quality.sum(QualityKey.unwindFailed)), fallbacks "
                    + "\(run.quality.sum(QualityKey.unwindFallback))")
            #expect(same >= 0.9 * rounds, "the loader did not reuse the address: nothing was tested")
            #expect(counts.one >= 2_000 && counts.two >= 2_000)
            #expect(counts.wrong.isEmpty, "\(counts.wrong.prefix(3))")
            #expect(abs(Double(counts.one) / Double(counts.one + counts.two) - 0.5) <= 0.03)
        }

        /// Samples under `run_one` and `run_two`, and the stacks that mix them up.
        private static func count(_ run: RecordedRun) -> (one: Int, two: Int, unnamed: Int, wrong: [[String]]) {
            let chains = run.physicalChains
            var counts = (one: 0, two: 0, unnamed: 0, wrong: [[String]]())
            for weight in run.profile.weights where weight.kind == .user {
                let chain = chains[Int(weight.stack)]
                let caller = chain.firstIndex { $0 == "run_one" || $0 == "run_two" }
                let prefix = caller.map { chain[$0].dropFirst(4) + "_" } ?? "?"
                let below = chain[..<(caller ?? chain.endIndex)]
                if caller == nil {
                    // Nothing of a plug-in may run but under its caller: except for its loading, which has no such names.
                    // A stack that ends early says so, and names nothing wrongly.
                    let isKnown = below.contains { $0.hasPrefix("one_") || $0.hasPrefix("two_") }
                    if isKnown, chain.contains("[incomplete]") {
                        counts.unnamed += Int(weight.samples)
                    } else if isKnown {
                        counts.wrong.append(chain)
                    }
                    continue
                }
                if below.contains(where: { !$0.hasPrefix(prefix) && !$0.hasPrefix("[") }) { counts.wrong.append(chain) }
                if below.contains(where: { $0.hasPrefix("[") }) { counts.unnamed += Int(weight.samples) }
                if prefix == "one_" { counts.one += Int(weight.samples) } else { counts.two += Int(weight.samples) }
            }
            return counts
        }

        /// The program's own RUNPATH, and that of a library which is not the program.
        @Test func bareNameByRunPath() throws {
            let directory = (try Self.plugins().one as NSString).deletingLastPathComponent
            let host = try Workbench.compile(
                "plugin_host.c", ["-Wl,--enable-new-dtags,-rpath,\(directory)"], as: "host-runpath")
            let library = try Workbench.compile(
                "plugin_host.c",
                ["-shared", "-fPIC", "-Dmain=host_main", "-Wl,--enable-new-dtags,-rpath,\(directory)"],
                as: "libhost.so")
            let program = try Workbench.compile(
                "call_host.c", [library, "-Wl,-rpath,\(Workbench.directory)"], as: "call-host")
            for command in [host, program] {
                let run = try RecordedRun([command, "2", "libone.so", "libtwo.so"])
                let counts = Self.count(run)
                report("dlopen by RUNPATH", "\(counts.one) + \(counts.two) samples named, \(counts.unnamed) not")
                #expect(counts.one >= 500 && counts.two >= 500)
                #expect(counts.wrong.isEmpty, "\(counts.wrong.prefix(3))")
                #expect(counts.unnamed * 100 <= counts.one + counts.two)
            }
        }
    }
}
