// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One line on a terminal's stderr, rewritten four times a second while recording.
struct ProgressLine {
    let shown: Bool
    private var lastNs: UInt64 = 0
    private var drawn = false

    init(shown: Bool) {
        self.shown = shown
    }

    mutating func show(
        _ progress: @autoclosure () -> (samples: UInt64, lost: UInt64, processes: Int, cpuNs: UInt64), elapsedNs: UInt64
    ) {
        guard shown, elapsedNs - lastNs > 250_000_000 else { return }
        lastNs = elapsedNs
        drawn = true
        let now = progress()
        let line =
            "potter-prof: \(seconds(elapsedNs)) s, \(grouped(now.samples)) samples, \(now.lost) lost, "
            + "CPU \(seconds(now.cpuNs)) s, \(now.processes) process\(now.processes == 1 ? "" : "es")"
        writeError("\r\u{1b}[K" + line)
    }

    func clear() {
        if drawn { writeError("\r\u{1b}[K") }
    }

    private func seconds(_ ns: UInt64) -> String {
        let tenths = ns / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
