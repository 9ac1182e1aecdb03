// SPDX-License-Identifier: Apache-2.0
// Small reads of a frozen process: headers, descriptors, names. They come in neighbourhoods, and a system call for each
// would cost a microsecond; pages are kept in a direct-mapped cache. Every address is checked by reading it: what is not
// mapped answers nil. Not for whole heaps: HeapScan reads these in windows.

public final class CachedMemory {
    private static let pageBits = 12
    private static let pageSize = 1 << pageBits
    private static let slotCount = 2048

    private let source: any ProcessMemory
    private let bytes: UnsafeMutableRawBufferPointer
    /// Page number + 1 of each slot, 0: empty.
    private var pages: [UInt64]
    /// Readable bytes of each slot's page.
    private var lengths: [Int]

    public init(_ source: any ProcessMemory) {
        self.source = source
        bytes = .allocate(byteCount: Self.slotCount * Self.pageSize, alignment: 16)
        pages = Array(repeating: 0, count: Self.slotCount)
        lengths = Array(repeating: 0, count: Self.slotCount)
    }

    deinit { bytes.deallocate() }

    /// The little-endian value at `address`, of any alignment; nil where it cannot be read.
    public func load<Value: FixedWidthInteger>(_ type: Value.Type, at address: UInt64) -> Value? {
        let size = MemoryLayout<Value>.size
        let offset = Int(address & UInt64(Self.pageSize - 1))
        if offset + size <= Self.pageSize {
            guard let page = page(of: address), offset + size <= page.count else { return nil }
            return Value(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        var value: Value = 0
        let copied = withUnsafeMutableBytes(of: &value) { copy(from: address, into: $0) }
        return copied == size ? Value(littleEndian: value) : nil
    }

    public func word(at address: UInt64) -> UInt64? { load(UInt64.self, at: address) }

    /// Target of a 32-bit offset that is relative to its own address; nil if the offset is 0, which means none.
    public func relative(at address: UInt64) -> UInt64? {
        guard let offset = load(Int32.self, at: address), offset != 0 else { return nil }
        return address &+ UInt64(bitPattern: Int64(offset))
    }

    /// Copies up to the first unreadable byte.
    public func copy(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < buffer.count {
            let here = address &+ UInt64(done)
            let offset = Int(here & UInt64(Self.pageSize - 1))
            guard let page = page(of: here), offset < page.count else { break }
            let count = min(page.count - offset, buffer.count - done)
            buffer[done..<done + count].copyBytes(from: page[offset..<offset + count])
            done += count
            if page.count < Self.pageSize { break }
        }
        return done
    }

    /// Bytes up to a zero; nil if there is none within `limit` bytes.
    public func terminatedBytes(at address: UInt64, limit: Int = 1024) -> [UInt8]? {
        var result: [UInt8] = []
        while result.count < limit {
            guard let byte = load(UInt8.self, at: address &+ UInt64(result.count)) else { return nil }
            if byte == 0 { return result }
            result.append(byte)
        }
        return nil
    }

    /// UTF-8 text up to a zero; nil if there is none within `limit` bytes or it is no text.
    public func text(at address: UInt64, limit: Int = 1024) -> String? {
        guard let bytes = terminatedBytes(at: address, limit: limit) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private func page(of address: UInt64) -> UnsafeRawBufferPointer? {
        let number = address >> UInt64(Self.pageBits)
        let slot = Int(truncatingIfNeeded: number) & (Self.slotCount - 1)
        let start = slot * Self.pageSize
        if pages[slot] != number &+ 1 {
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + Self.pageSize])
            lengths[slot] = max(0, min(source.read(from: number << UInt64(Self.pageBits), into: target), Self.pageSize))
            pages[slot] = number &+ 1
        }
        return lengths[slot] == 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[start..<start + lengths[slot]])
    }
}
