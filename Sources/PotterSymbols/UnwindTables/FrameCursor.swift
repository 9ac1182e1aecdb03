// SPDX-License-Identifier: Apache-2.0
// A reader of bytes that nobody vouches for. It never traps and never leaves its bounds: a read past the end yields
// zero and sets `failed`, which the parsers look at once per entry instead of once per byte.

struct FrameCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    private(set) var end: Int
    private(set) var failed = false

    init(_ bytes: UnsafeRawBufferPointer, from position: Int = 0, to end: Int = .max) {
        self.bytes = bytes
        self.end = min(max(end, 0), bytes.count)
        self.position = min(max(position, 0), self.end)
    }

    var remaining: Int { end - position }
    var isAtEnd: Bool { position >= end }

    mutating func fail() {
        failed = true
        position = end
    }

    mutating func skip(_ count: UInt64) {
        guard count <= UInt64(remaining) else { return fail() }
        position += Int(count)
    }

    /// The next `count` bytes as a cursor of their own.
    mutating func slice(_ count: UInt64) -> FrameCursor {
        let start = position
        skip(count)
        return FrameCursor(bytes, from: start, to: position)
    }

    @inline(__always)
    mutating func fixed<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
        guard remaining >= MemoryLayout<T>.size else {
            fail()
            return 0
        }
        defer { position += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    @inline(__always)
    mutating func byte() -> UInt8 { fixed() }

    mutating func uleb() -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            result |= UInt64(next & 0x7f) << shift  // `<<` yields 0 for shifts over 63
            shift = min(shift + 7, 64)
            if next & 0x80 == 0 { return result }
        }
    }

    mutating func sleb() -> Int64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            result |= UInt64(next & 0x7f) << shift
            shift = min(shift + 7, 64)
            guard next & 0x80 == 0 else { continue }
            if next & 0x40 != 0 { result |= ~UInt64(0) << shift }
            return Int64(bitPattern: result)
        }
    }

    /// The bytes of a NUL-terminated string, without the NUL.
    mutating func string() -> [UInt8] {
        var result: [UInt8] = []
        while case let next = byte(), next != 0 { result.append(next) }
        return result
    }
}
