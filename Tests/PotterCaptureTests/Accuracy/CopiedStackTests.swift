// SPDX-License-Identifier: Apache-2.0
// Stacks that the target copied and libunwind unwound: those that need a table which is not there yet, and all of them.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct CopiedStackTests {
        struct Way: CustomTestStringConvertible, Sendable {
            var engine: String
            var user: RecordedRun.User
            var testDescription: String { "\(engine) as \(user)" }

            /// The short version has each engine and each user once.
            static let all: [Way] = {
                let users: [RecordedRun.User] = Workbench.isRoot ? [.root, .nobody] : [.root]
                let every = ["perf", "timer"].flatMap { engine in users.map { Way(engine: engine, user: $0) } }
                return Workbench.isLong ? every : [every[0], every[every.count - 1]]
            }()
        }

        private static let late = ["late_leaf", "late_c", "late_b", "late_entry", "work"]

        /// A library that takes seconds to prepare is called as soon as it is loaded.
        @Test(arguments: Way.all) func aTableThatComesLate(way: Way) throws {
            let library = try Workbench.compile("slow_table.c", ["-shared", "-fPIC"], as: "libslow_table.so")
            let host = try Workbench.compile("slow_table_host.c")
            let run = try RecordedRun([host, "1", library, "1"], engine: way.engine, as: way.user)
            let (exact, all) = Self.chains(of: run, Self.late)
            let copied = run.quality.number(QualityKey.stacksCopied)
            report(
                "a table that comes late, \(way.testDescription)",
                "\(exact) of \(all) chains are exact, \(copied) from copies, lost \(run.quality.lost), no room for "
                    + "\(run.quality.number(QualityKey.stacksNotCopied)), fallbacks "
                    + "\(run.quality.sum(QualityKey.unwindFallback)), failed \(run.quality.sum(QualityKey.unwindFailed))"
            )
            #expect(all >= 100 && copied >= 20)
            // A collector that waits for a CPU leaves no room for some, and counts them.
            let noRoom = Double(run.quality.number(QualityKey.stacksNotCopied))
            #expect(Double(exact) + noRoom >= 0.995 * Double(all))
            #expect(run.quality.lost == 0 && noRoom <= 0.1 * Double(all))
            #expect(try Self.unaccounted(run) == 0)
        }

        /// `--unwind libunwind`: every stack is a copy.
        @Test(arguments: ["chain.c", "chain.cc", "chain.rs"]) func plantedChain(source: String) throws {
            let program = try Workbench.compile(source)
            for way in Way.all {
                let seconds = Workbench.isLong ? "20" : way.engine == "perf" ? "2" : "1"
                let run = try RecordedRun(
                    [program, seconds], engine: way.engine, as: way.user, options: ["--unwind", "libunwind"])
                let (exact, all) = Self.chains(of: run, StackTests.planted)
                let copied = run.quality.number(QualityKey.stacksCopied)
                report(
                    "\(source) by libunwind, \(way.testDescription)",
                    "\(exact) of \(all) chains are exact (\((Double(exact) / Double(max(all, 1))).percent)), "
                        + "\(copied) from copies, \(Self.cost(run)) us in the handler")
                #expect(all >= 150)
                #expect(Double(exact) >= 0.995 * Double(all))
                #expect(run.quality.text(QualityKey.unwinder) == "libunwind" && copied >= Int64(all))
                #expect(try Self.unaccounted(run) == 0)
            }
        }

        /// Rows have no room for a frame address in rcx: such stacks are copied, whichever way was asked for.
        @Test func aRuleThatRowsCannotHold() throws {
            let run = try RecordedRun([try Workbench.compile("odd_rule.c"), "3"], rate: 99)
            let (exact, all) = Self.chains(of: run, ["odd_leaf", "odd_b", "odd_a", "main"])
            let copied = run.quality.number(QualityKey.stacksCopied)
            // Eight slots are ready; a collector that waits for a CPU empties them late.
            let missed = Int(run.quality.number(QualityKey.stacksNotCopied))
            report(
                "a rule that rows cannot hold",
                "\(exact) of \(all) chains are exact, \(copied) from copies, no room for \(missed)")
            #expect(all >= 200 && copied >= Int64(all) * 9 / 10)
            #expect(Double(exact + missed) >= 0.995 * Double(all))
        }

        /// A copy ends after 32 KiB: 2,048 frames of 16 bytes.
        @Test func aStackLongerThanItsCopy() throws {
            let run = try RecordedRun(
                [try Workbench.compile("recursion.c"), "1", "5000"], options: ["--unwind", "libunwind"])
            let longer = run.quality.number(QualityKey.stacksLonger)
            let ends = run.chains.filter { $0.first == "leaf" && $0.count > 500 }
            report("stacks of 80 KB", "\(longer) of \(run.userSamples) are longer than their copy")
            #expect(run.userSamples >= 300 && Double(longer) >= 0.99 * Double(run.userSamples))
            #expect(!ends.isEmpty && ends.allSatisfy { $0.last == "[incomplete]" && !$0.contains("main") })
        }

        /// Where the bounds of a stack are not known nothing of it is read: next to it there may be nothing.
        @Test(arguments: Way.all) func stacksBesideNothing(way: Way) throws {
            let program = try Workbench.compile("small_stacks.c")
            let run = try RecordedRun(
                [program, "0.3"], engine: way.engine, as: way.user, options: ["--unwind", "libunwind"])
            #expect(run.output == "done\n")
            for function in ["on_alternate", "on_own_stack"] {
                let samples = run.sum([.user], through: function).samples
                #expect(samples >= 20, "\(function)")
            }
            #expect(try Self.unaccounted(run) == 0)
        }

        /// Samples whose leaf is the first of `planted`, and how many of them have all of it above.
        private static func chains(of run: RecordedRun, _ planted: [String]) -> (exact: Int, all: Int) {
            let chains = run.physicalChains
            var (exact, all) = (0, 0)
            for weight in run.profile.weights where weight.kind == .user {
                let chain = chains[Int(weight.stack)]
                guard chain.first == planted[0] else { continue }
                all += Int(weight.samples)
                if chain.starts(with: planted), !chain.contains("[incomplete]") { exact += Int(weight.samples) }
            }
            return (exact, all)
        }

        /// Records that the target wrote and that are neither samples nor counted as lost.
        private static func unaccounted(_ run: RecordedRun) throws -> Int {
            let rows = try Workbench.run(["sqlite3", run.path, "SELECT count(*) FROM sample"])
            let samples = Int(rows.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
            return Int(run.quality.number(QualityKey.recordsWritten) - run.quality.number(QualityKey.lostBadRecord))
                - samples
        }

        private static func cost(_ run: RecordedRun) -> String {
            let all = Double(run.quality.number(QualityKey.samples))
            return (Double(run.quality.number(QualityKey.costTargetNs)) / 1_000 / max(all, 1)).short
        }
    }
}
