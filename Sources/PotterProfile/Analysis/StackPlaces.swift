// SPDX-License-Identifier: Apache-2.0

/// The places that a stack goes through, each once, from the leaf on; kept for the next weight of the same stack.
struct StackPlaces {
    private let placeOf: [UInt32]
    private let callers: Bool
    /// By stack: where its places begin in `kept`; -1: not known yet. They end where `last` says so.
    private var begins: [Int32]
    private var kept: [UInt32] = []
    /// By place: the last stack that went through it.
    private var seen: [UInt32]

    /// Marks the last place of a stack.
    private static let last: UInt32 = 1 << 31

    /// `placeOf`: by frame entry; its last is of a stack without frames. Without `callers` only the leaf's place counts.
    init(_ profile: Profile, _ placeOf: [UInt32], count: Int, callers: Bool) {
        self.placeOf = placeOf
        self.callers = callers
        begins = Array(repeating: -1, count: profile.stacks.count)
        seen = Array(repeating: 0, count: count)
    }

    mutating func forEachPlace(of stack: UInt32, in profile: Profile, _ body: (Int) -> Void) {
        if begins[Int(stack)] < 0 { keep(stack, profile) }
        var index = Int(begins[Int(stack)])
        while true {
            let place = kept[index]
            body(Int(place & ~Self.last))
            if place & Self.last != 0 { return }
            index += 1
        }
    }

    private mutating func keep(_ stack: UInt32, _ profile: Profile) {
        let begin = kept.count
        begins[Int(stack)] = Int32(clamping: begin)
        var node = Int(stack)
        while node != 0 && (callers || kept.count == begin) {
            for entry in profile.frames.range(at: profile.stacks.locations[node]) {
                let place = Int(placeOf[entry])
                guard callers ? seen[place] != stack : kept.count == begin else { continue }
                seen[place] = stack
                kept.append(UInt32(place))
            }
            node = Int(profile.stacks.parents[node])
        }
        if kept.count == begin { kept.append(placeOf[placeOf.count - 1]) }
        kept[kept.count - 1] |= Self.last
    }
}
