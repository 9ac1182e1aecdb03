// SPDX-License-Identifier: Apache-2.0
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
        var summary = RunSummary(run: try run(), processes: try processes(), threads: try threads(), quality: try quality())
        try addTotals(to: &summary)
        return summary
    }

    func run() throws -> RunInfo {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id=1") else {
            throw damaged("it has no run")
        }
        return RunInfo(
            command: JSONText.strings(in: row["command"]) ?? [row["command"]],
            workingDirectory: row["working_directory"], host: row["host"], kernel: row["kernel"],
            architecture: row["architecture"], potterVersion: row["potter_version"], cause: row["cause"],
            startNs: unsigned(row["start_ns"]), startWallNs: unsigned(row["start_wall_ns"]),
            endNs: (row["end_ns"] as Int64?).map(unsigned), exitStatus: row["exit_status"],
            engine: Engine(rawValue: row["engine"]) ?? .none, engineReason: row["engine_reason"],
            rateHz: row["rate_hz"], periodNs: unsigned(row["period_ns"]), tickNs: unsigned(row["tick_ns"]))
    }

    func quality() throws -> Quality {
        var quality = Quality()
        for row in try Row.fetchAll(db, sql: "SELECT key, value FROM quality") {
            let value = row["value"] as DatabaseValue
            switch value.storage {
            case .int64(let number): quality.values[row["key"]] = .number(number)
            case .string(let text): quality.values[row["key"]] = .text(text)
            default: break
            }
        }
        return quality
    }

    private func processes() throws -> [RunSummary.Process] {
        try Row.fetchAll(db, sql: "SELECT * FROM process ORDER BY id").map { row in
            var process = RunSummary.Process(
                id: try id(row["id"]), parent: try (row["parent"] as Int64?).map(id), pid: row["pid"],
                executable: row["executable"], command: row["command"], startNs: unsigned(row["start_ns"]))
            process.endNs = (row["end_ns"] as Int64?).map(unsigned)
            process.cpuNs = (row["cpu_ns"] as Int64?).map(unsigned)
            process.note = row["note"]
            return process
        }
    }

    private func threads() throws -> [RunSummary.Thread] {
        try Row.fetchAll(db, sql: "SELECT * FROM thread ORDER BY id").map { row in
            var thread = RunSummary.Thread(
                id: try id(row["id"]), process: try id(row["process"]), tid: row["tid"], name: row["name"],
                startNs: unsigned(row["start_ns"]), engine: Engine(rawValue: row["engine"]) ?? .none)
            thread.endNs = (row["end_ns"] as Int64?).map(unsigned)
            thread.cpuNs = (row["cpu_ns"] as Int64?).map(unsigned)
            thread.unsampledReason = row["unsampled_reason"]
            return thread
        }
    }

    private func addTotals(to summary: inout RunSummary) throws {
        let threads = Dictionary(uniqueKeysWithValues: summary.threads.enumerated().map { ($1.id, $0) })
        let processes = Dictionary(uniqueKeysWithValues: summary.processes.enumerated().map { ($1.id, $0) })
        for row in try Row.fetchAll(db, sql: "SELECT process, thread, kind, samples, weight_ns FROM thread_total") {
            guard let kind = WeightKind(rawValue: row["kind"]) else { continue }
            let samples = unsigned(row["samples"])
            if let thread = row["thread"] as UInt32? {
                guard let index = threads[thread] else { throw damaged("a total has no thread") }
                summary.threads[index].totals.add(kind, samples: samples, weightNs: row["weight_ns"])
            } else {
                guard let index = processes[row["process"]] else { throw damaged("a total has no process") }
                summary.processes[index].totals.add(kind, samples: samples, weightNs: row["weight_ns"])
            }
        }
    }

    private func unsigned(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value)
    }

    private func id(_ value: Int64) throws -> UInt32 {
        guard let id = UInt32(exactly: value) else { throw damaged("an id is out of range") }
        return id
    }

    private func damaged(_ why: String) -> RecordingError {
        RecordingError(damaged: why, path: path)
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
