// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One line on a terminal's stderr, rewritten four times a second while recording.
///
/// The terminal is the command's as well. So the line is drawn only where the command's output goes elsewhere, or where
/// it was asked for; and never over a program that has taken the terminal for itself (an editor, a pager, a shell that
/// edits its line): such have turned off its canonical mode.
struct ProgressLine {
    private let shown: Bool
    private var lastNs: UInt64 = 0
    private var drawn = false

    init(asked: Bool, quiet: Bool) {
        shown = !quiet && isatty(STDERR_FILENO) == 1 && (asked || isatty(STDOUT_FILENO) == 0)
    }

    private var isTaken: Bool {
        var mode = termios()
        return tcgetattr(STDERR_FILENO, &mode) != 0 || mode.c_lflag & tcflag_t(ICANON) == 0
            || tcgetpgrp(STDERR_FILENO) != getpgrp()
    }

    mutating func show(
        _ progress: @autoclosure () -> (samples: UInt64, lost: UInt64, processes: Int, cpuNs: UInt64), elapsedNs: UInt64
    ) {
        guard shown, elapsedNs - lastNs > 250_000_000 else { return }
        lastNs = elapsedNs
        guard !isTaken else { return }
        drawn = true
        let now = progress()
        let line =
            "potter-prof: \(seconds(elapsedNs)) s, \(grouped(now.samples)) samples, \(now.lost) lost, "
            + "CPU \(seconds(now.cpuNs)) s, \(now.processes) process\(now.processes == 1 ? "" : "es")"
        writeError("\r\u{1b}[K" + line)
    }

    func clear() {
        if drawn, !isTaken { writeError("\r\u{1b}[K") }
    }

    private func seconds(_ ns: UInt64) -> String {
        let tenths = ns / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
