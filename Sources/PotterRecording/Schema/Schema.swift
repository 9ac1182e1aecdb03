// SPDX-License-Identifier: Apache-2.0
// The tables of a recording. Docs/RecordingFormat.md explains them column by column; the two change together.

/// The format of the recording file.
public enum RecordingFormat {
    /// A reader refuses a file of a newer major version: it could not understand it.
    public static let major = 1
    /// Additions that an older reader may ignore.
    public static let minor = 2
    /// `PRAGMA application_id`, "PTTR": tells a recording from any other SQLite file.
    static let applicationID: Int32 = 0x5054_5452
    /// `PRAGMA user_version`.
    static let userVersion = major * 1000 + minor
}

enum Schema {
    static let create = """
        CREATE TABLE run(
            id INTEGER PRIMARY KEY, command TEXT NOT NULL, working_directory TEXT NOT NULL, host TEXT NOT NULL,
            kernel TEXT NOT NULL, architecture TEXT NOT NULL, potter_version TEXT NOT NULL, cause TEXT NOT NULL,
            start_ns INTEGER NOT NULL, start_wall_ns INTEGER NOT NULL, end_ns INTEGER, exit_status INTEGER,
            engine TEXT NOT NULL, engine_reason TEXT NOT NULL, rate_hz REAL NOT NULL, period_ns INTEGER NOT NULL,
            tick_ns INTEGER NOT NULL, last_commit_ns INTEGER NOT NULL, finished INTEGER NOT NULL);
        CREATE TABLE process(
            id INTEGER PRIMARY KEY, parent INTEGER REFERENCES process, pid INTEGER NOT NULL,
            executable TEXT NOT NULL, command TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER,
            cpu_ns INTEGER, startup_cpu_ns INTEGER, note TEXT);
        CREATE TABLE thread(
            id INTEGER PRIMARY KEY, process INTEGER NOT NULL REFERENCES process, tid INTEGER NOT NULL,
            name TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, cpu_ns INTEGER, arming_ns INTEGER NOT NULL,
            user_ticks INTEGER NOT NULL, kernel_ns INTEGER NOT NULL, engine TEXT NOT NULL, unsampled_reason TEXT);
        CREATE TABLE module(
            id INTEGER PRIMARY KEY, path TEXT NOT NULL, build_id TEXT NOT NULL, inode INTEGER NOT NULL, note TEXT);
        CREATE TABLE mapping(
            id INTEGER PRIMARY KEY, process INTEGER NOT NULL REFERENCES process,
            module INTEGER NOT NULL REFERENCES module, start INTEGER NOT NULL, end INTEGER NOT NULL,
            bias INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER);
        CREATE TABLE location(
            id INTEGER PRIMARY KEY, module INTEGER NOT NULL REFERENCES module, address INTEGER NOT NULL);
        CREATE TABLE stack(
            id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, location INTEGER NOT NULL REFERENCES location,
            flags INTEGER NOT NULL);
        CREATE TABLE function(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, system_name TEXT NOT NULL, module TEXT NOT NULL,
            binary INTEGER NOT NULL REFERENCES module, file TEXT NOT NULL, line INTEGER NOT NULL,
            language TEXT NOT NULL);
        CREATE TABLE location_frame(
            location INTEGER NOT NULL REFERENCES location, depth INTEGER NOT NULL,
            function INTEGER NOT NULL REFERENCES function, line INTEGER NOT NULL, inlined INTEGER NOT NULL,
            PRIMARY KEY(location, depth)) WITHOUT ROWID;
        CREATE TABLE sample(
            id INTEGER PRIMARY KEY, thread INTEGER NOT NULL REFERENCES thread, time_ns INTEGER NOT NULL,
            stack INTEGER NOT NULL REFERENCES stack, kind INTEGER NOT NULL, count INTEGER NOT NULL,
            weight_ns INTEGER NOT NULL);
        CREATE TABLE aggregate(
            process INTEGER NOT NULL REFERENCES process, thread INTEGER, stack INTEGER NOT NULL,
            kind INTEGER NOT NULL, samples INTEGER NOT NULL, weight_ns INTEGER NOT NULL);
        CREATE TABLE thread_total(
            process INTEGER NOT NULL REFERENCES process, thread INTEGER, kind INTEGER NOT NULL,
            samples INTEGER NOT NULL, weight_ns INTEGER NOT NULL);
        CREATE TABLE hotspot(
            function INTEGER PRIMARY KEY REFERENCES function, self_ns INTEGER NOT NULL, total_ns INTEGER NOT NULL,
            self_samples INTEGER NOT NULL, total_samples INTEGER NOT NULL, line INTEGER NOT NULL,
            self_variance REAL NOT NULL, total_variance REAL NOT NULL, total_tie INTEGER NOT NULL);
        CREATE TABLE heap_site(
            id INTEGER PRIMARY KEY, process INTEGER NOT NULL REFERENCES process,
            stack INTEGER NOT NULL REFERENCES stack, kind INTEGER NOT NULL);
        CREATE TABLE heap_point(
            id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES heap_site, time_ns INTEGER NOT NULL,
            blocks INTEGER NOT NULL, bytes INTEGER NOT NULL, freed_blocks INTEGER NOT NULL,
            freed_bytes INTEGER NOT NULL, inherited_blocks INTEGER NOT NULL, inherited_bytes INTEGER NOT NULL,
            temporary_blocks INTEGER NOT NULL, samples INTEGER NOT NULL, freed_samples INTEGER NOT NULL,
            bytes_variance REAL NOT NULL, freed_bytes_variance REAL NOT NULL);
        CREATE TABLE quality(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        """
}
