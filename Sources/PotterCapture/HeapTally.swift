// SPDX-License-Identifier: Apache-2.0
import CPotterWire

/// What the recording knows of a session's heap so far.
struct HeapTally {
    /// Of which process slot, and kind and stack id as in session memory.
    struct Key: Hashable {
        var process: UInt32
        var site: UInt32
    }

    struct Site {
        let row: Int64
        var written: pp_heap_counts
    }

    var sites: [Key: Site] = [:]
    /// When the next points are due.
    var nextNs: UInt64 = 0
}

extension pp_heap_counts {
    mutating func add(_ other: pp_heap_counts) {
        allocations &+= other.allocations
        bytes &+= other.bytes
        frees &+= other.frees
        freed_bytes &+= other.freed_bytes
        inherited_frees &+= other.inherited_frees
        inherited_bytes &+= other.inherited_bytes
        temporary &+= other.temporary
        samples &+= other.samples
        freed_samples &+= other.freed_samples
        count_variance += other.count_variance
        bytes_variance += other.bytes_variance
        freed_count_variance += other.freed_count_variance
        freed_bytes_variance += other.freed_bytes_variance
    }

    func isSame(as other: pp_heap_counts) -> Bool {
        allocations == other.allocations && frees == other.frees && inherited_frees == other.inherited_frees
            && bytes == other.bytes && freed_bytes == other.freed_bytes
    }
}
