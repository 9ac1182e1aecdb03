// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// How good the heap figures are: what was lost, with a number and what to do.
struct HeapQuality {
    /// As in `potter-prof report`: what is less than this share of all is no problem.
    private static let notablePercent = 1.0

    let heap: HeapProfile
    private var quality: Quality { heap.profile.summary.quality }

    /// Keys of counters, what they count, and what that means.
    private static let problems: [(key: String, one: String, text: String)] = [
        (QualityKey.heapNoTable, "call", "without a counter (the counters' memory is full)"),
        (QualityKey.heapNoIndex, "block", "not in the index (no memory for it)"),
        (QualityKey.heapUnknownFree, "free", "of what nobody saw allocated"),
        (QualityKey.heapReplaced, "block", "given out again without a free"),
        (QualityKey.heapNestedLost, "call", "of signal handlers within malloc lost"),
        (QualityKey.heapStacksFull, "block", "without a stack (the stack table is full)"),
        (QualityKey.heapNoMapping, "mapping", "without room in the list"),
        (QualityKey.heapPointsNoRoom, "point", "left out for --max-size"),
        (QualityKey.heapRefusedLimit, "program", "not recorded, with a limit of address space (ulimit -v, -d)"),
        (QualityKey.heapRefusedBypassed, "program", "not recorded, with a malloc of its own"),
    ]

    func lines() -> [String] {
        var found = Self.problems.filter { quality.number($0.key) > 0 }.map {
            "\(HeaderText.plural(Int(quality.number($0.key)), $0.one)) \($0.text)"
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
