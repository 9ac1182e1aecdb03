// SPDX-License-Identifier: Apache-2.0
// Speed and memory of a leak scan: Scripts/bench leak-scan builds it with the sources of PotterHeap, optimised.
import Foundation
import PotterHeap

extension FrozenSymbols {
    static func readable(_ name: String) -> String { name }
}

/// Kilobytes of a line of this process's status.
func status(_ name: String) -> Double {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
        return line.split(separator: " ").compactMap { Double($0) }.first ?? 0
    }
    return 0
}

let count = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 0 : 10_000_000
let clock = ContinuousClock()
let run = try FrozenProgram.run(HeapPrograms.c("big_heap"), ["\(count)"], ["HEAP_TRACKER_BITS": "25"]) { image in
    var snapshot: MemorySnapshot?
    let time = try clock.measure { snapshot = try MemorySnapshot(of: image) }
    return (snapshot!, Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds))
}
let (snapshot, seconds) = run.result
let scanned = Double(snapshot.coverage.heapBytes + snapshot.coverage.rootBytes)
print("blocks \(snapshot.blocks)")
print("scanned_bytes \(Int(scanned))")
print("seconds \(seconds)")
print("gb_per_second \(scanned / seconds / 1e9)")
print("peak_mb \(status("VmHWM") / 1024)")
print("unreachable \(snapshot.unreachableBlocks)")
print(run.lines.first { $0.hasPrefix("leaked") } ?? "leaked -1")
