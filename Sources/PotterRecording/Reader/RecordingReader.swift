// SPDX-License-Identifier: Apache-2.0
// Reads a recording. A finished one is opened read-only where it lies. One whose collector was killed, or still runs,
// is finished first (see Recovery): what follows then sees a finished one in every case.
//
// A recording may come from anywhere: indices are checked where they are read, and what does not fit is an error.
import GRDB
import PotterProfile

public final class RecordingReader {
    public let path: String
    /// The run, its processes, threads and quality.
    public let summary: RunSummary
    let queue: DatabaseQueue

    /// Opens a recording. `nameLocations` is asked to name the locations of one whose collector was killed before it
    /// did (`locationsWithoutNames`, `setFrames`); with it the names are kept in the file if that may be written.
    /// `renameLocations` changes names (`codeLocations`, `replaceFrames`) for this reader: the file stays as it is.
    public init(
        path: String, nameLocations: ((RecordingWriter) throws -> Void)? = nil,
        renameLocations: ((RecordingWriter) throws -> Void)? = nil
    ) throws {
        self.path = path
        try RecordingHeader.check(path)
        queue = try Recovery(path: path, nameLocations: nameLocations, renameLocations: renameLocations)
            .openFinished()
        summary = try RecordingFile.explain("cannot read", path) { [queue] in
            try queue.read { db in try SummaryLoader(db, path: path).load() }
        }
    }

    /// What the default report says; reads no stacks.
    public func report() throws -> ProfileReport {
        try read { db in
            let functions = try ProfileLoader(db, path: path).functions()
            let hotspots = try ProfileLoader(db, path: path).hotspots(functions: functions.count)
            return ProfileReport(
                summary: summary, functions: functions, analysis: HotspotAnalysis(hotspots: hotspots))
        }
    }

    /// Everything but single samples.
    public func profile() throws -> Profile {
        try read { db in try ProfileLoader(db, path: path).profile(summary: summary) }
    }

    /// The part of the profile that samples taken in a time range stand for; `range` counts nanoseconds since the start of
    /// the run. Time without a stack is left out: nobody knows when it was used. The summary is that of the run.
    public func profile(during range: Range<UInt64>) throws -> Profile {
        try read { db in
            var profile = try ProfileLoader(db, path: path).profile(summary: summary)
            let start = summary.run.startNs
            try TimeRangeLoader(db, path: path).keep(
                start &+ range.lowerBound..<start &+ range.upperBound, in: &profile)
            return profile
        }
    }

    /// The part of the recording that is selected. Throws a `SelectionError` if there is no such part.
    public func profile(of selection: Selection) throws -> Profile {
        guard let time = selection.time else { return try selection.part(of: profile()) }
        return try selection.part(of: profile(during: time.resolve(durationNs: summary.durationNs)))
    }

    private func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try RecordingFile.explain("cannot read", path) { try queue.read(body) }
    }
}
