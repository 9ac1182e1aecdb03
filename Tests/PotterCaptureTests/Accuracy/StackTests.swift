// SPDX-License-Identifier: Apache-2.0
// Planted call chains in programs as people build them: main -> a -> b -> c -> d -> leaf, where the leaf has no frame.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct StackTests {
        static let planted = ["leaf", "d", "c", "b", "a", "main"]

        @Test(arguments: ["chain.c", "chain.cc", "chain.rs"])
        func plantedChain(source: String) throws {
            try check(Workbench.compile(source), source)
        }

        @Test func plantedChainOfPackage() throws {
            let scratch = Workbench.directory + "/chain"
            let package = Workbench.programs + "/chain"
            try Workbench.run([
                Workbench.toolchain("swift"), "build", "-c", "release", "--package-path", package, "--scratch-path",
                scratch,
            ])
            try check(scratch + "/release/Chain", "SwiftPM release")
        }

        /// Bare `swiftc -O` leaves a third of the functions without unwind information: counted, no bound yet.
        @Test func plantedChainOfSwiftc() throws {
            let program = Workbench.directory + "/chain-swiftc"
            let source = Workbench.programs + "/chain/Sources/Chain/Chain.swift"
            try Workbench.run([Workbench.toolchain("swiftc"), "-O", "-parse-as-library", source, "-o", program])
            _ = try count(program, "bare swiftc -O")
        }

        private func check(_ program: String, _ name: String) throws {
            let (exact, all) = try count(program, name)
            #expect(all >= 4_000, "\(name): \(all) samples in the leaf")
            #expect(Double(exact) >= 0.99 * Double(all), "\(name): \(exact) of \(all) chains are exact")
        }

        /// Samples in the leaf, and how many of them have the planted chain, frame by frame.
        private func count(_ program: String, _ name: String) throws -> (exact: Int, all: Int) {
            let run = try RecordedRun([program, Workbench.isLong ? "30" : "5"])
            let chains = run.physicalChains
            var (exact, all, causes) = (0, 0, [String: Int]())
            for weight in run.profile.weights where weight.kind == .user {
                let chain = chains[Int(weight.stack)]
                guard chain.first == "leaf" else { continue }
                all += Int(weight.samples)
                if chain.starts(with: Self.planted) {
                    exact += Int(weight.samples)
                } else {
                    causes[Self.cause(chain), default: 0] += Int(weight.samples)
                }
            }
            let (inner, wrong) = Self.innerFrames(of: run, chains)
            let text = causes.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }.joined(separator: "; ")
            report(
                name,
                "\(exact) of \(all) chains from the leaf are exact (\((Double(exact) / Double(max(all, 1))).percent)) "
                    + "\(text); of \(inner) samples elsewhere in planted code \(wrong) are not; fallbacks "
                    + "\(run.quality.sum(QualityKey.unwindFallback)), failed \(run.quality.sum(QualityKey.unwindFailed))"
            )
            return (exact, all)
        }

        /// Samples whose leaf is another planted function: how many, and how many have not its callers above it.
        private static func innerFrames(of run: RecordedRun, _ chains: [[String]]) -> (all: Int, wrong: Int) {
            var (all, wrong) = (0, 0)
            for weight in run.profile.weights where weight.kind == .user {
                let chain = chains[Int(weight.stack)]
                guard let at = planted.dropFirst().firstIndex(where: { $0 == chain.first }) else { continue }
                all += Int(weight.samples)
                if !chain.starts(with: planted[at...]) { wrong += Int(weight.samples) }
            }
            return (all, wrong)
        }

        private static func cause(_ chain: [String]) -> String {
            let common = zip(chain, planted).prefix { $0 == $1 }.count
            let expected = planted[common]
            guard common < chain.count else { return "end before \(expected)" }
            return chain.contains(expected)
                ? "have \(chain[common]) before \(expected)" : "lack \(expected): \(chain[common])"
        }
    }
}
