// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterProfile
import Testing

extension AccuracyTests {
    /// Rows A1 to A8, per function, for each engine, as root and as uid 65534, with perf and without. What other suites
    /// have is not repeated: A1 and A2 by perf, A4 and A6 (KnownAnswerTests, EngineTests). Engine timer cannot do A3 to
    /// A6: Docs/Accuracy.md.
    @Suite(.serialized) struct EngineRowTests {
        private static let parts = ["part30", "part20", "part15", "part12", "part10", "part07", "part04", "part02"]
        private static let calls = ["reader", "poller", "waker", "computer"]

        private static func many(_ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A1, eight functions", source: "accuracy/many.c",
                seconds: setting.engine == .perf ? (2.5, 11) : (2.5, 30), functions: parts, setting: setting,
                rate: setting.engine == .perf ? 997 : 250)
        }
        private static func threads(_ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A2, 4 threads", source: "threads.c", seconds: (2, 10), functions: [], setting: setting, rate: 250,
                arguments: { ["4", "\(Int($0 * 250))", "1"] })
        }
        private static func burst(_ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A3", source: "accuracy/burst.c", seconds: (2, 11), functions: ["serial_phase", "burst_phase"],
                setting: setting, points: 1.5)
        }
        private static func naps(_ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A5", source: "accuracy/naps.c", seconds: (1, 6), functions: ["long_burst", "short_burst"],
                setting: setting)
        }
        private static func kernel(_ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A7, four parts", source: "accuracy/calls.c", seconds: (2, 20), functions: calls,
                setting: setting,
                points: 3, inKernel: true)
        }
        private static func rate(_ hertz: Int, _ setting: EngineRow.Setting) -> EngineRow {
            EngineRow(
                id: "A8, \(hertz) Hz", source: "accuracy/flat.c", seconds: (1.5, 6), functions: ["hot70", "hot30"],
                setting: setting, rate: hertz)
        }

        /// In the short version each row once, and each setting.
        private static let short = [
            many(.perfAsRoot), many(.refusedAsNobody), threads(.refusedAsRoot), burst(.perfAsNobody), naps(.perfAsRoot),
            kernel(.perfAsNobody), kernel(.timerAsRoot), rate(4_000, .perfAsNobody),
        ]
        private static let long = EngineRow.Setting.allCases.flatMap { setting in
            [many(setting), threads(setting), kernel(setting)]
                + [100, 4_000].map { rate($0, setting) }
                + (setting.engine == .perf ? [burst(setting), naps(setting)] : [])
        }

        static var rows: [EngineRow] {
            (Workbench.isLong ? long : short).filter { $0.setting.user == .root || Workbench.isRoot }
        }

        @Test(arguments: rows) func row(row: EngineRow) throws { try row.check() }
    }
}
