// SPDX-License-Identifier: Apache-2.0
// Reads a table back, and says whether it keeps its promises (pp_unwind_table.h).

import CPotterWire

struct UnwindTableView {
    struct Rule: Equatable {
        var bits: UInt32
        var kind: UInt32 { bits & 15 }
        var fp: UInt32 { bits >> 4 & 31 }
        var async: UInt32 { bits >> 9 & 31 }
        var offset: Int64 { Int64(Int32(bitPattern: bits) >> 14) * 8 }
    }

    let header: pp_unwind_table
    let rows: [UInt64]
    let first: [UInt32]

    /// Nil if an invariant is broken.
    init?(_ blob: [UInt8]) {
        guard blob.count >= MemoryLayout<pp_unwind_table>.size else { return nil }
        let header = blob.withUnsafeBytes { $0.loadUnaligned(as: pp_unwind_table.self) }
        guard header.magic == UInt32(PP_UNWIND_MAGIC), header.size == UInt64(blob.count), header.row_count > 0,
            header.limit > header.base, header.limit - header.base <= UInt64(UInt32.max)
        else { return nil }
        let blocks = Int((header.limit - header.base - 1) >> UInt64(header.first_shift)) + 2
        guard Int(header.rows) + Int(header.row_count) * 8 <= blob.count, Int(header.first) + blocks * 4 <= blob.count
        else { return nil }
        self.header = header
        (rows, first) = blob.withUnsafeBytes { bytes in
            (
                (0..<Int(header.row_count)).map {
                    bytes.loadUnaligned(fromByteOffset: Int(header.rows) + $0 * 8, as: UInt64.self)
                },
                (0..<blocks).map { bytes.loadUnaligned(fromByteOffset: Int(header.first) + $0 * 4, as: UInt32.self) }
            )
        }
        guard rows[0] >> 32 == 0, isAscending, isIndexed else { return nil }
    }

    private var isAscending: Bool {
        zip(rows, rows.dropFirst()).allSatisfy { $0 >> 32 < $1 >> 32 }
            && rows.last! >> 32 < header.limit - header.base
    }

    private var isIndexed: Bool {
        first.indices.dropLast().allSatisfy { block in
            let row = Int(first[block])
            let start = UInt64(block) << UInt64(header.first_shift)
            guard row < rows.count, rows[row] >> 32 <= start, first[block] <= first[block + 1] else { return false }
            return row + 1 == rows.count || rows[row + 1] >> 32 > start
        } && Int(first.last!) == rows.count - 1
    }

    func rule(at address: UInt64) -> Rule {
        guard address >= header.base, address < header.limit else { return Rule(bits: 0) }
        var low = 0
        var high = rows.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if rows[middle] >> 32 <= address - header.base { low = middle } else { high = middle - 1 }
        }
        return Rule(bits: UInt32(truncatingIfNeeded: rows[low]))
    }
}
