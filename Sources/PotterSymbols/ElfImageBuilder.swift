// SPDX-License-Identifier: Apache-2.0

/// Puts sections together to an ELF file in memory, for libdw: no segments, no symbols.
struct ElfImageBuilder {
    private static let headerSize = 64
    private static let sectionHeaderSize = 64

    private let machine: UInt16
    private var sections: [(name: String, bytes: [UInt8])] = []

    init(machine: UInt16) { self.machine = machine }

    mutating func add(_ name: String, _ bytes: [UInt8]) {
        sections.append((name, bytes))
    }

    func build() -> [UInt8] {
        var names: [UInt8] = [0]
        var body: [UInt8] = []
        var headers = [UInt8](repeating: 0, count: Self.sectionHeaderSize)
        for section in sections + [(".shstrtab", [])] {
            let name = UInt32(names.count)
            names += Array(section.name.utf8) + [0]
            // The names of the sections come last, when all of them are known.
            let isNames = section.name == ".shstrtab"
            let bytes = isNames ? names : section.bytes
            while body.count % 8 != 0 { body.append(0) }
            headers += Self.sectionHeader(
                name: name, type: isNames ? 3 : 1, offset: Self.headerSize + body.count, size: bytes.count)
            body += bytes
        }
        while body.count % 8 != 0 { body.append(0) }
        return fileHeader(sectionsAt: Self.headerSize + body.count, count: sections.count + 2) + body + headers
    }

    private func fileHeader(sectionsAt offset: Int, count: Int) -> [UInt8] {
        var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        header += Self.bytes(UInt16(1)) + Self.bytes(machine) + Self.bytes(UInt32(1))
        header += Self.bytes(UInt64(0)) + Self.bytes(UInt64(0)) + Self.bytes(UInt64(offset)) + Self.bytes(UInt32(0))
        header += Self.bytes(UInt16(Self.headerSize)) + Self.bytes(UInt16(0)) + Self.bytes(UInt16(0))
        header += Self.bytes(UInt16(Self.sectionHeaderSize)) + Self.bytes(UInt16(count)) + Self.bytes(UInt16(count - 1))
        return header
    }

    private static func sectionHeader(name: UInt32, type: UInt32, offset: Int, size: Int) -> [UInt8] {
        bytes(name) + bytes(type) + bytes(UInt64(0)) + bytes(UInt64(0)) + bytes(UInt64(offset)) + bytes(UInt64(size))
            + bytes(UInt32(0)) + bytes(UInt32(0)) + bytes(UInt64(1)) + bytes(UInt64(0))
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
