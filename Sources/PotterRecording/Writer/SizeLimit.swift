// SPDX-License-Identifier: Apache-2.0
// `record --max-size`: a recording that never takes more room than asked for, with all that lies beside it.
//
//   in the file when the -wal is folded in   D    known after each commit
//   -wal and -shm                            W    known; the -wal is folded in early, so that it stays short
//   rows that wait for the next commit       p    they go to the -wal, and from there to the file
//   names                                    n    of locations, written at the end
//   aggregates, hotspots                     a    written at the end, in one transaction
//
// Recording goes on while D + p + max(W + p, n + max(n, 2 a)) fits: what is pending, the names, and the rest are three
// transactions, each first in the -wal and then in the file, and the -wal is emptied between them. All are bounds from
// above, made of counts alone, so that they can be asked for at each turn of the collector.

struct SizeLimit {
    /// Below this there would be no room for more than an empty recording and its end.
    static let least: UInt64 = 1 << 20
    static let pageBytes: UInt64 = 4096

    /// All of it, bytes.
    let bytes: UInt64
    /// As of the last commit, bytes.
    var database: UInt64 = 0
    var beside: UInt64 = 0
    /// No sample finds room any more.
    var isOver = false

    init(_ bytes: UInt64) { self.bytes = bytes }

    /// Pages in the -wal from which on it is folded into the file.
    var walPages: UInt64 { min(1000, max(16, bytes / 16 / Self.pageBytes)) }

    /// Samples that may wait for a commit.
    var pendingSamples: Int { Int(clamping: bytes / 16 / Cost.sample) }

    /// Kept free for what is still in the rings when the recording ends.
    var reserve: UInt64 { bytes / 32 }

    func leaves(_ room: UInt64, pending: UInt64, names: UInt64, weights: UInt64) -> Bool {
        let end = Self.sharedBytes + names + max(names, 2 * weights)
        return database + pending + max(beside + pending, end) + room <= bytes
    }

    /// The -shm, of a -wal that is no longer than ours.
    private static let sharedBytes: UInt64 = 32 << 10

    /// What names may take, however many there are: the recording has room for so much at its end.
    func roomForNames(pending: UInt64, weights: UInt64) -> UInt64 {
        let room = bytes.minus(database + 2 * pending + max(beside, Self.sharedBytes))
        return min(room / 2, room.minus(2 * weights))
    }

    /// Bytes of a row, with what pages leave free; measured with `dbstat`, rounded up.
    enum Cost {
        static let sample: UInt64 = 30
        static let heapPoint: UInt64 = 110
        static let stack: UInt64 = 18
        static let location: UInt64 = 16
        static let thread: UInt64 = 160
        static let mapping: UInt64 = 80
        /// Of a process or a module, without its texts.
        static let named: UInt64 = 100
        static let frame: UInt64 = 24
        /// Of a function, without its texts.
        static let function: UInt64 = 40
        static let hotspot: UInt64 = 50
        static let weight: UInt64 = 24
        /// Pages that a commit touches at the ends of tables.
        static let commit: UInt64 = 14 * SizeLimit.pageBytes
        /// Names of a location before they are known: many of the first locations are the first of their function.
        static let firstNames: UInt64 = 200
        static let moreNames: UInt64 = 120
        static let firstLocations: UInt64 = 2000

        /// A text as it lies in pages: long ones have pages of their own.
        static func text(_ bytes: Int) -> UInt64 {
            let bytes = UInt64(bytes)
            return bytes < 1000 ? bytes + bytes / 4 : bytes + 2 * SizeLimit.pageBytes
        }
    }
}

extension UInt64 {
    fileprivate func minus(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
