// SPDX-License-Identifier: Apache-2.0
// Loads stacks by the million: raw statements, columns by number, arrays filled in the order of ids.
import GRDB
import PotterProfile

struct ProfileLoader {
    let db: Database
    let path: String

    init(_ db: Database, path: String) {
        self.db = db
        self.path = path
    }

    func profile(summary: RunSummary) throws -> Profile {
        let functions = try functions()
        let hidden = try hiddenLocations()
        let frames = try frames(functions: functions.count, hidden: hidden)
        let stacks = try stacks(locations: count(of: "location"))
        let weights = try weights(stacks: stacks.count)
        return Profile(summary: summary, functions: functions, frames: frames, stacks: stacks, weights: weights)
    }

    /// Index 0 is the root.
    func functions() throws -> [Function] {
        let binaries = try modulePaths()
        let rows = try RawStatement(
            db, "SELECT id, name, system_name, module, binary, file, line, language FROM function ORDER BY id")
        var functions = [Function(name: "all")]
        while try rows.step() {
            guard rows.int(0) == functions.count else { throw damaged("a function is missing") }
            functions.append(
                Function(
                    name: rows.text(1), systemName: rows.text(2), module: rows.text(3),
                    binary: binaries[rows.int(4)] ?? "", file: rows.text(5), line: UInt32(clamping: rows.int(6)),
                    language: rows.text(7)))
        }
        return functions
    }

    func hotspots(functions: Int) throws -> [Hotspot] {
        let accuracy = try accuracyOfHotspots()
        let rows = try RawStatement(
            db, "SELECT function, self_ns, total_ns, self_samples, total_samples, line, \(accuracy) FROM hotspot")
        var hotspots: [Hotspot] = []
        while try rows.step() {
            guard (1..<Int64(functions)).contains(rows.int(0)) else { throw damaged("a hotspot has no function") }
            var hotspot = Hotspot(
                function: Int(rows.int(0)), selfNs: rows.figure(1), totalNs: rows.figure(2),
                selfSamples: rows.count(3), totalSamples: rows.count(4), selfVariance: variance(rows.double(6)),
                totalVariance: variance(rows.double(7)), line: UInt32(clamping: rows.int(5)))
            hotspot.isTotalTie = rows.int(8) != 0
            hotspots.append(hotspot)
        }
        return hotspots
    }

    /// What a damaged file says must not spread: infinity does.
    private func variance(_ value: Double) -> Double {
        value > 0 ? min(value, 1e36) : 0
    }

    /// Recordings of format 1.0 have none: then the variance is that of samples of equal weight, which is a little too small.
    private func accuracyOfHotspots() throws -> String {
        let columns = "'self_variance', 'total_variance', 'total_tie'"
        let known = "SELECT count(*) FROM pragma_table_info('hotspot') WHERE name IN (\(columns))"
        if try RawStatement.number(db, known) == 3 { return "self_variance, total_variance, total_tie" }
        func ofEqualSamples(_ ns: String, _ samples: String) -> String {
            "ifnull(1.0 * \(ns) * \(ns) / nullif(\(samples), 0), 0)"
        }
        return ofEqualSamples("self_ns", "self_samples") + ", " + ofEqualSamples("total_ns", "total_samples") + ", 0"
    }

    private func modulePaths() throws -> [Int64: String] {
        let rows = try RawStatement(db, "SELECT id, path FROM module")
        var paths: [Int64: String] = [:]
        while try rows.step() { paths[rows.int(0)] = rows.text(1) }
        return paths
    }

    /// Locations in the recorder's own code.
    private func hiddenLocations() throws -> Set<UInt32> {
        var hidden: Set<UInt32> = []
        for (module, path) in try modulePaths() where Profile.isRecorder(modulePath: path) {
            let rows = try RawStatement(db, "SELECT id FROM location WHERE module=?")
            rows.bind(module, at: 1)
            while try rows.step() { hidden.insert(UInt32(clamping: rows.int(0))) }
        }
        return hidden
    }

    private func frames(functions: Int, hidden: Set<UInt32>) throws -> FrameTable {
        let rows = try RawStatement(
            db, "SELECT location, function, line, inlined FROM location_frame ORDER BY location, depth")
        let locations = try count(of: "location")
        var frames = FrameTable()
        frames.reserve(locations: locations + 1)
        while try rows.step() {
            guard (1..<Int64(functions)).contains(rows.int(1)), rows.int(0) >= 1, rows.int(0) <= locations else {
                throw damaged("a frame has no function or no location")
            }
            let location = UInt32(rows.int(0))
            guard hidden.isEmpty || !hidden.contains(location) else { continue }
            let entry = FrameTable.Entry(
                function: UInt32(rows.int(1)), line: UInt32(clamping: rows.int(2)), inlined: rows.int(3) != 0)
            frames.append(entry, at: location)
        }
        return frames
    }

    private func stacks(locations: Int) throws -> StackTable {
        let rows = try RawStatement(db, "SELECT id, parent, location FROM stack ORDER BY id")
        var stacks = StackTable()
        stacks.reserve(try count(of: "stack") + 1)
        while try rows.step() {
            guard rows.int(0) == stacks.count, (0..<rows.int(0)).contains(rows.int(1)),
                rows.int(2) >= 1, rows.int(2) <= locations
            else { throw damaged("a stack refers to nothing") }
            stacks.append(parent: UInt32(rows.int(1)), location: UInt32(rows.int(2)))
        }
        return stacks
    }

    private func weights(stacks: Int) throws -> [Weight] {
        let rows = try RawStatement(db, "SELECT process, thread, stack, kind, samples, weight_ns FROM aggregate")
        var weights: [Weight] = []
        while try rows.step() {
            guard (1..<Int64(stacks)).contains(rows.int(2)) else { throw damaged("a weight has no stack") }
            // A kind of a newer minor version is not counted, as Docs/RecordingFormat.md says.
            guard let kind = WeightKind(rawValue: UInt8(clamping: rows.int(3))) else { continue }
            weights.append(
                Weight(
                    stack: UInt32(rows.int(2)), process: UInt32(clamping: rows.int(0)),
                    thread: UInt32(clamping: rows.int(1)), kind: kind, samples: rows.count(4), weightNs: rows.figure(5))
            )
        }
        return weights
    }

    /// The highest id: the tables have no gaps, and that needs no scan.
    private func count(of table: String) throws -> Int {
        let count = try RawStatement.number(db, "SELECT max(id) FROM \(table)") ?? 0
        guard (0..<Int64(UInt32.max)).contains(count) else { throw damaged("too many rows in \(table)") }
        return Int(count)
    }

    private func damaged(_ why: String) -> RecordingError {
        RecordingError(damaged: why, path: path)
    }
}
