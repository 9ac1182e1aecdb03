// SPDX-License-Identifier: Apache-2.0
// Stacks deeper than what is kept.
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    @Suite(.serialized) struct CutTests {
        static let kept = 256
        /// leaf, descend x depth, outer, main, and what libc puts above it.
        static let callersOfMain = ["__libc_start_call_main", "__libc_start_main", "_start"]

        /// 256 leaf and 256 root frames stay, the mark says how many do not, and the sum is the true depth. At 500 frames
        /// nothing is cut.
        @Test(arguments: [500, 5_000])
        func recursion(depth: Int) throws {
            let run = try RecordedRun([try Workbench.compile("recursion.c"), "3", "\(depth)"])
            let rows = try Workbench.run([
                "sqlite3", "-separator", " ", run.path,
                "SELECT id, address & 0xffffffff, address >> 32 FROM location WHERE module = \(PseudoFrame.module)",
            ])
            let cuts = Dictionary(
                uniqueKeysWithValues: rows.split(separator: "\n").map {
                    $0.split(separator: " ").compactMap { Int($0) }
                }
                .filter { $0[1] == Int(PseudoFrame.cut.rawValue) }.map { (UInt32($0[0]), $0[2]) })
            var (exact, all) = (0, 0)
            var wrong: String?
            for weight in run.profile.weights where weight.kind == .user {
                let path = run.profile.stacks.path(of: weight.stack)
                let names = path.map { Self.name(of: $0, in: run) }
                guard names.first == "leaf" else { continue }
                all += Int(weight.samples)
                if Self.isExact(names, cut: path.map { cuts[$0] }, depth: depth) {
                    exact += Int(weight.samples)
                } else {
                    wrong = "\(names.count) frames: \(names.prefix(3)) … \(names.suffix(6))"
                }
            }
            report(
                "recursion \(depth) deep",
                "\(exact) of \(all) stacks are exact; stacks.cut \(run.quality.number(QualityKey.stacksCut)), "
                    + "failed \(run.quality.sum(QualityKey.unwindFailed))")
            #expect(all >= 2_000)
            #expect(Double(exact) >= 0.99 * Double(all), "\(wrong ?? "")")
        }

        private static func name(of location: UInt32, in run: RecordedRun) -> String {
            run.profile.frames.range(at: location).last.map {
                baseName(run.profile.functions[Int(run.profile.frames.entries[$0].function)].name)
            } ?? "?"
        }

        private static func isExact(_ names: [String], cut: [Int?], depth: Int) -> Bool {
            let whole = ["leaf"] + Array(repeating: "descend", count: depth) + ["outer", "main"] + callersOfMain
            guard whole.count > 2 * kept else { return names == whole && cut.allSatisfy { $0 == nil } }
            guard names.count == 2 * kept + 1, let missing = cut[kept] else { return false }
            return Array(names.prefix(kept)) == Array(whole.prefix(kept))
                && Array(names.suffix(kept)) == Array(whole.suffix(kept)) && 2 * kept + missing == whole.count
        }
    }
}
