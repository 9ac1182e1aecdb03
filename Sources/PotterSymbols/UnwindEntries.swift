// SPDX-License-Identifier: Apache-2.0
// Where functions begin and end according to .eh_frame: the frame description entries (FDEs), without their rows.
//
// Used to check symbols that have no size, and to name functions that have no symbol by their start. Parsed here, in
// one pass over the section, because .eh_frame_hdr has no ends and is missing from some files.

import CElf

struct UnwindEntries {
    private var starts: [UInt64] = []
    private var ends: [UInt64] = []

    /// - Complexity: O(n log n) in the number of entries.
    init(image: ElfImage) {
        guard let section = image.section(named: ".eh_frame") else { return }
        var parser = EhFrameParser(bytes: image.contents(of: section), address: section.start)
        let entries = parser.parse().sorted { $0.start < $1.start }
        starts = entries.map(\.start)
        ends = entries.map(\.end)
    }

    /// Start of the function that covers `address`. O(log n).
    func start(covering address: UInt64) -> UInt64? {
        guard let index = last(at: address), address < ends[index] else { return nil }
        return starts[index]
    }

    /// True unless an entry begins or ends between the two addresses. O(log n).
    func sameFunction(_ first: UInt64, _ second: UInt64) -> Bool {
        let left = last(at: first)
        guard left == last(at: second) else { return false }
        guard let left else { return true }
        return (first < ends[left]) == (second < ends[left])
    }

    private func last(at address: UInt64) -> Int? {
        let index = starts.partitionPoint { $0 > address }
        return index == 0 ? nil : index - 1
    }
}

private struct EhFrameParser {
    let bytes: UnsafeRawBufferPointer
    let address: UInt64
    /// Pointer encoding of each CIE, by its offset.
    private var encodings: [Int: UInt8] = [:]

    init(bytes: UnsafeRawBufferPointer, address: UInt64) {
        self.bytes = bytes
        self.address = address
    }

    mutating func parse() -> [(start: UInt64, end: UInt64)] {
        var found: [(start: UInt64, end: UInt64)] = []
        var offset = 0
        while let length32: UInt32 = load(offset) {
            var body = offset + 4
            var length = Int(length32)
            if length32 == 0 {
                offset = body
                continue
            }
            if length32 == .max {
                guard let length64: UInt64 = load(body), let long = Int(exactly: length64) else { break }
                length = long
                body += 8
            }
            guard length >= 4, length <= bytes.count - body, let identifier: UInt32 = load(body) else { break }
            if identifier == 0 {
                encodings[offset] = encoding(ofEntryAt: body + 4, end: body + length)
            } else if let encoding = encodings[body - Int(identifier)],
                let range = range(at: body + 4, encoding: encoding)
            {
                found.append(range)
            }
            offset = body + length
        }
        return found
    }

    /// The FDE pointer encoding (augmentation letter R) of a CIE; 0, absolute, where it has none.
    private func encoding(ofEntryAt offset: Int, end: Int) -> UInt8 {
        guard offset < end, end <= bytes.count else { return 0xff }
        var cursor = offset + 1
        var augmentation: [UInt8] = []
        while cursor < end, bytes[cursor] != 0 {
            augmentation.append(bytes[cursor])
            cursor += 1
        }
        cursor += 1
        guard augmentation.first == UInt8(ascii: "z") else { return augmentation.isEmpty ? 0 : 0xff }
        // Code alignment, data alignment, return register (a byte in version 1), length of the augmentation.
        for _ in 0..<4 { skipLEB(&cursor, end) }
        for letter in augmentation.dropFirst() {
            guard cursor < end else { return 0 }
            switch letter {
            case UInt8(ascii: "R"): return bytes[cursor]
            case UInt8(ascii: "L"): cursor += 1
            case UInt8(ascii: "P"): cursor += 1 + size(of: bytes[cursor])
            default: break
            }
        }
        return 0
    }

    private func skipLEB(_ cursor: inout Int, _ end: Int) {
        while cursor < end, bytes[cursor] & 0x80 != 0 { cursor += 1 }
        cursor += 1
    }

    private func size(of encoding: UInt8) -> Int {
        switch encoding & 7 {
        case 2: 2
        case 3: 4
        default: 8
        }
    }

    private func range(at offset: Int, encoding: UInt8) -> (start: UInt64, end: UInt64)? {
        guard encoding != 0xff, encoding & 0x80 == 0, let value = value(at: offset, encoding: encoding),
            let size = length(at: offset + size(of: encoding), encoding: encoding)
        else { return nil }
        var start = value
        if encoding & 0x70 == 0x10 { start = start &+ address &+ UInt64(offset) }
        let (end, overflow) = start.addingReportingOverflow(size)
        return overflow || size == 0 ? nil : (start, end)
    }

    private func value(at offset: Int, encoding: UInt8) -> UInt64? {
        switch encoding & 0x0f {
        case 0, 4, 12: load(offset)
        case 2: (load(offset) as UInt16?).map(UInt64.init)
        case 3: (load(offset) as UInt32?).map(UInt64.init)
        case 10: (load(offset) as Int16?).map { UInt64(bitPattern: Int64($0)) }
        case 11: (load(offset) as Int32?).map { UInt64(bitPattern: Int64($0)) }
        default: nil
        }
    }

    /// The length is unsigned, whatever the sign of the encoding.
    private func length(at offset: Int, encoding: UInt8) -> UInt64? {
        value(at: offset, encoding: encoding & 7)
    }

    private func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Value? {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Value>.size else { return nil }
        return bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }
}
