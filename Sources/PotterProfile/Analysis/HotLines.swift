// SPDX-License-Identifier: Apache-2.0
import PotterCore

/// Self time by line, to name one line for each function.
struct HotLines {
    private var ids = InternTable()
    private var keys: [(function: UInt32, line: UInt32)] = []
    private var weights: [Int64] = []

    init(_ profile: Profile) {
        for weight in profile.weights {
            guard let entry = Self.leaf(of: weight, in: profile), entry.line != 0 else { continue }
            let key = UInt64(entry.function) << 32 | UInt64(entry.line)
            let found = ids.id(of: key, orInsert: UInt32(keys.count + 1))
            if found.inserted {
                keys.append((entry.function, entry.line))
                weights.append(0)
            }
            weights[Int(found.id) - 1] &+= weight.weightNs
        }
    }

    /// The innermost function at the leaf; if that location is left out, at its caller. Time in the kernel counts
    /// for the line of the call.
    private static func leaf(of weight: Weight, in profile: Profile) -> FrameTable.Entry? {
        var node = Int(weight.stack)
        if weight.kind == .kernel { node = Int(profile.stacks.parents[node]) }
        while node != 0 {
            let range = profile.frames.range(at: profile.stacks.locations[node])
            if let first = range.first { return profile.frames.entries[first] }
            node = Int(profile.stacks.parents[node])
        }
        return nil
    }

    /// The declared line, else the one with most self time.
    func choose(for hotspots: inout [Hotspot], functions: [Function]) {
        var best = Array(repeating: Int64.min, count: hotspots.count)
        for (key, weight) in zip(keys, weights) where weight > best[Int(key.function)] {
            best[Int(key.function)] = weight
            hotspots[Int(key.function)].line = key.line
        }
        for index in hotspots.indices where functions[index].line != 0 {
            hotspots[index].line = functions[index].line
        }
    }
}
