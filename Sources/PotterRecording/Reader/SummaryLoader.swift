// SPDX-License-Identifier: Apache-2.0
// By column number, like all that reads a recording: GRDB's rows end the program when a damaged file has another type
// in a column than expected; SQLite's own conversions do not.
import GRDB
import PotterCore
import PotterProfile

/// Loads the run, its processes, threads and quality.
struct SummaryLoader {
    let db: Database
    let path: String

    init(_ db: Database, path: String) {
        self.db = db
        self.path = path
    }

    func load() throws -> RunSummary {
        var summary = RunSummary(
            run: try run(), processes: try processes(), threads: try threads(), quality: try quality())
        try addTotals(to: &summary)
        return summary
    }

    func run() throws -> RunInfo {
        let row = try RawStatement(
            db,
            """
            SELECT command, working_directory, host, kernel, architecture, potter_version, cause, start_ns,
                start_wall_ns, end_ns, exit_status, engine, engine_reason, rate_hz, period_ns, tick_ns FROM run
            """)
        guard try row.step() else { throw RecordingError(damaged: "it has no run", path: path) }
        let run = RunInfo(
            command: JSONText.strings(in: row.text(0)) ?? [row.text(0)], workingDirectory: row.text(1),
            host: row.text(2), kernel: row.text(3), architecture: row.text(4), potterVersion: row.text(5),
            cause: row.text(6), startNs: row.uint(7), startWallNs: row.uint(8), endNs: row.optional(9),
            exitStatus: row.isNull(10) ? nil : Int32(clamping: row.int(10)),
            engine: Engine(rawValue: row.text(11)) ?? .none, engineReason: row.text(12), rateHz: row.double(13),
            periodNs: row.uint(14), tickNs: row.uint(15))
        row.reset()
        return run
    }

    func quality() throws -> Quality {
        let rows = try RawStatement(db, "SELECT key, value, typeof(value) FROM quality")
        var quality = Quality()
        while try rows.step() {
            quality.values[rows.text(0)] = rows.text(2) == "integer" ? .number(rows.figure(1)) : .text(rows.text(1))
        }
        return quality
    }

    private func processes() throws -> [RunSummary.Process] {
        let rows = try RawStatement(
            db, "SELECT id, parent, pid, executable, command, start_ns, end_ns, cpu_ns, note FROM process ORDER BY id")
        var processes: [RunSummary.Process] = []
        while try rows.step() {
            var process = RunSummary.Process(
                id: UInt32(clamping: rows.int(0)), parent: rows.isNull(1) ? nil : UInt32(clamping: rows.int(1)),
                pid: Int32(clamping: rows.int(2)), executable: rows.text(3), command: rows.text(4),
                startNs: rows.uint(5))
            process.endNs = rows.optional(6)
            process.cpuNs = rows.optional(7)
            process.note = rows.optionalText(8)
            processes.append(process)
        }
        return processes
    }

    private func threads() throws -> [RunSummary.Thread] {
        let rows = try RawStatement(
            db,
            """
            SELECT id, process, tid, name, start_ns, end_ns, cpu_ns, engine, unsampled_reason
            FROM thread ORDER BY id
            """)
        var threads: [RunSummary.Thread] = []
        while try rows.step() {
            var thread = RunSummary.Thread(
                id: UInt32(clamping: rows.int(0)), process: UInt32(clamping: rows.int(1)),
                tid: Int32(clamping: rows.int(2)), name: rows.text(3), startNs: rows.uint(4),
                engine: Engine(rawValue: rows.text(7)) ?? .none)
            thread.endNs = rows.optional(5)
            thread.cpuNs = rows.optional(6)
            thread.unsampledReason = rows.optionalText(8)
            threads.append(thread)
        }
        return threads
    }

    private func addTotals(to summary: inout RunSummary) throws {
        let threads = Dictionary(summary.threads.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let processes = Dictionary(summary.processes.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let rows = try RawStatement(db, "SELECT process, thread, kind, samples, weight_ns FROM thread_total")
        while try rows.step() {
            // A kind of a newer minor version is not counted, as Docs/RecordingFormat.md says.
            guard let kind = WeightKind(rawValue: UInt8(clamping: rows.int(2))) else { continue }
            if rows.isNull(1) {
                guard let index = processes[UInt32(clamping: rows.int(0))] else { throw ownerless }
                summary.processes[index].totals.add(kind, samples: rows.count(3), weightNs: rows.figure(4))
            } else {
                guard let index = threads[UInt32(clamping: rows.int(1))] else { throw ownerless }
                summary.threads[index].totals.add(kind, samples: rows.count(3), weightNs: rows.figure(4))
            }
        }
    }

    private var ownerless: RecordingError {
        RecordingError(damaged: "a sum has no thread or no process", path: path)
    }
}

extension RecordingError {
    /// A recording that SQLite can read and that makes no sense.
    init(damaged why: String, path: String) {
        self.init(
            .truncated, what: "cannot read", path: path, why: "it is damaged: \(why)",
            advice: "copy it again, whole, with its -wal file if there is one")
    }
}
