// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// How good the heap figures are: what was lost, with a number and what to do.
struct HeapQuality {
    /// As in `potter-prof report`: what is less than this share of all is no problem.
    private static let notablePercent = 1.0

    let heap: HeapProfile
    private var quality: Quality { heap.profile.summary.quality }

    /// Keys of counters, and what they mean to a user.
    private static let problems: [(key: String, text: String)] = [
        (QualityKey.heapNoTable, "events without a counter (the counters' memory is full)"),
        (QualityKey.heapNoIndex, "blocks that are not in the index (no memory for it)"),
        (QualityKey.heapUnknownFree, "frees of blocks that nobody saw allocated"),
        (QualityKey.heapReplaced, "blocks that came again without a free"),
        (QualityKey.heapNestedLost, "events of signal handlers within malloc"),
        (QualityKey.heapStacksFull, "blocks whose stack found no room"),
        (QualityKey.heapNoMapping, "mappings that found no room in the list"),
        (QualityKey.heapPointsNoRoom, "points that --max-size left no room for"),
        (QualityKey.heapRefusedLimit, "programs not recorded: they limit their address space"),
        (QualityKey.heapRefusedBypassed, "programs not recorded: they define malloc themselves"),
    ]

    func lines() -> [String] {
        var found = Self.problems.filter { quality.number($0.key) > 0 }.map {
            "\(Units.count(quality.number($0.key))) \($0.text)"
        }
        let all = heap.total(of: .block).allocations.bytes
        let percent = HeapText.share(heap.incomplete.bytes, of: all)
        if percent >= Self.notablePercent {
            found.append(
                "\(Units.percent(percent, places: 1)) of the bytes were allocated by stacks that end too early")
        }
        return ["heap quality: " + (found.isEmpty ? "good; nothing lost" : found.joined(separator: "; "))]
    }

    static var keys: [String] { problems.map(\.key) }
}
