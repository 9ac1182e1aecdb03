// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

@testable import PotterExport

/// `--sort`, with perf's meaning of keys and of `--children`.
@Suite struct SortedRowsTests {
    private func profile() -> Profile {
        var builder = ProfileBuilder()
        builder.addProcess(1, pid: 100, executable: "/bin/server")
        builder.addThread(1, tid: 100, name: "server")
        builder.addThread(2, tid: 101, name: "worker")
        builder.addThread(3, tid: 102, name: "worker")
        builder.add("main/walk/walk/walk", 100, samples: 10)
        builder.add("main/walk/[kernel]", 50, kind: .kernel, samples: 5)
        builder.add("run/walk", 200, samples: 20, thread: 2)
        builder.add("run/walk", 250, samples: 25, thread: 3)
        builder.add("[unattributed]", 10, kind: .unattributed, samples: 0, thread: 3)
        builder.add("[startup]", 40, kind: .startup, samples: 0, thread: 0)
        return builder.profile()
    }

    private func rows(_ keys: [SortKey], _ order: HotspotAnalysis.Order = .selfTime) -> [(String, Int64, Int64)] {
        SortedRows(profile(), by: keys).rows(order: order).map {
            ($0.values.joined(separator: " "), $0.selfNs, $0.totalNs)
        }
    }

    private func check(
        _ keys: [SortKey], order: HotspotAnalysis.Order = .selfTime, _ expected: [(String, Int64, Int64)]
    ) {
        let rows = rows(keys, order)
        #expect(rows.map(\.0) == expected.map(\.0))
        #expect(rows.map(\.1) == expected.map(\.1))
        #expect(rows.map(\.2) == expected.map(\.2))
    }

    @Test func byThreadNameOrNumber() {
        // What belongs to no thread has its process's name.
        check([.comm], [("worker", 460, 460), ("server", 190, 190)])
        check([.tid], [("102", 260, 260), ("101", 200, 200), ("100", 150, 150), ("", 40, 40)])
        check([.pid], [("100", 650, 650)])
    }

    @Test func byCode() {
        check(
            [.symbol],
            [
                ("walk", 550, 600), ("[kernel]", 50, 50), ("[startup]", 40, 40), ("[unattributed]", 10, 10),
                ("main", 0, 150), ("run", 0, 450),
            ])
        #expect(rows([.dso]).map(\.0) == ["app", "[kernel]", "[startup]", "[unattributed]"])
        #expect(rows([.srcline])[0].0 == "app.c:20")  // walk's line
    }

    @Test func keysAreInTheOrderGiven() {
        #expect(rows([.symbol, .tid])[0].0 == "walk 102")
        #expect(rows([.tid, .symbol])[0].0 == "102 walk")
        #expect(rows([.tid, .symbol, .comm])[0].0 == "102 walk worker")
    }

    @Test func withChildrenRecursionCountsOncePerStack() {
        check(
            [.symbol], order: .totalTime,
            [
                ("walk", 550, 600), ("run", 0, 450), ("main", 0, 150), ("[kernel]", 50, 50), ("[startup]", 40, 40),
                ("[unattributed]", 10, 10),
            ])
    }

    @Test func allRowsAddUpToTheTotal() {
        for keys in [[.comm], [.dso], [.symbol, .pid], SortKey.allCases] as [[SortKey]] {
            #expect(rows(keys).reduce(0) { $0 + $1.1 } == 650)
        }
    }

    @Test func theSameAsTheHotspots() {
        let profile = profile()
        let hotspots = HotspotAnalysis(profile).hotspots(by: .totalTime).map {
            ($0.selfNs, $0.totalNs, $0.totalVariance)
        }
        let rows = SortedRows(profile, by: [.symbol]).rows(order: .totalTime)
        #expect(hotspots.map(\.0) == rows.map(\.selfNs) && hotspots.map(\.1) == rows.map(\.totalNs))
        for (hotspot, row) in zip(hotspots, rows) { #expect(abs(hotspot.2 - row.totalVariance) < 1e-6) }
    }

    @Test func theTextHasTotalsOnlyWithChildren() {
        func lines(_ order: HotspotAnalysis.Order, limit: Int? = nil) -> [String] {
            let profile = profile()
            return SortedText(
                sorted: SortedRows(profile, by: [.comm, .symbol]), statistics: ShareStatistics(profile.weights),
                order: order, limit: limit, percentLimit: 0
            ).lines()
        }
        #expect(lines(.selfTime)[0].split(separator: " ") == ["self", "±95%", "time", "comm", "symbol"])
        #expect(
            lines(.totalTime)[0].split(separator: " ")
                == ["total", "±95%", "time", "self", "±95%", "time", "comm", "symbol"])
        #expect(lines(.selfTime)[1].split(separator: " ").suffix(2) == ["worker", "walk"])
        #expect(lines(.selfTime, limit: 1).last == "  … 4 more rows; --limit 0 shows all")
    }
}
