// SPDX-License-Identifier: Apache-2.0
import Foundation
import PotterExport
import PotterProfile
import PotterRecording
import Testing

/// A file may say anything: no sum of it, no comparison, no conversion may end the reader.
@Suite struct ExtremeValueTests {
    let scratch = Scratch()

    @Test(arguments: [
        "UPDATE quality SET value=9223372036854775807", "UPDATE quality SET value=-9223372036854775808",
        "INSERT OR REPLACE INTO quality VALUES('cpu.unrecorded_ns', 9223372036854775807)",
        "UPDATE aggregate SET samples=-9223372036854775808", "UPDATE aggregate SET samples=9223372036854775807",
        "UPDATE aggregate SET weight_ns=-9223372036854775808", "UPDATE aggregate SET weight_ns=9223372036854775807",
        "UPDATE thread_total SET weight_ns=9223372036854775807",
        "UPDATE thread_total SET weight_ns=4611686018427387904",
        "UPDATE thread_total SET weight_ns=-9223372036854775808, samples=-1",
        "UPDATE hotspot SET self_ns=-9223372036854775808, total_ns=9223372036854775807, self_samples=-1",
        "DELETE FROM location", "DELETE FROM stack", "DELETE FROM function", "DELETE FROM thread",
        "UPDATE run SET start_ns=-1, end_ns=9223372036854775807, rate_hz=1e308, period_ns=-1, tick_ns=-1",
        "UPDATE sample SET time_ns=-1, weight_ns=9223372036854775807, count=-1",
    ])
    func everyViewAnswers(damage: String) throws {
        try scratch.writer().finish()
        #expect(scratch.run("/usr/bin/env", "sqlite3", scratch["r.potter"], damage) == 0)
        for arguments in [
            [], ["--tree", "--flamegraph=x.svg"], ["--json"], ["--children"], ["--sort", "comm,pid,symbol"],
            ["--callers", "work", "--callees", "main"], ["--time", "10%-90%"], ["--folded"],
        ] {
            answers(["report", "-i", scratch["r.potter"]] + arguments)
        }
        answers(["findings", "-i", scratch["r.potter"]])
        answers(["findings", "--json", "-i", scratch["r.potter"]])
    }

    /// A report, or one line that says why not.
    private func answers(_ arguments: [String]) {
        let status = scratch.run(["/usr/bin/env", "-C", scratch.directory, RecordedProgram.potter] + arguments)
        #expect(status == 0 || status == 1, "\(arguments): \(status)")
    }
}
