// SPDX-License-Identifier: Apache-2.0
// Program and section headers of a 64-bit little-endian ELF file. Hostile input: see FrameImage.swift.

struct ElfHeaders {
    struct Segment {
        var type, flags: UInt32
        var offset, address, fileSize: UInt64
        var isCode: Bool { type == 1 && flags & 1 != 0 }
        var isReadable: Bool { flags & 4 != 0 }
    }

    struct Section {
        var name: String
        var type: UInt32
        var flags, address, offset, size: UInt64
        var isStored: Bool { type != 8 }  // SHT_NOBITS: the contents are in another file
        var isCode: Bool { flags & 6 == 6 }  // SHF_ALLOC, SHF_EXECINSTR
        var isCompressed: Bool { flags & 0x800 != 0 }
    }

    private(set) var segments: [Segment] = []
    private(set) var sections: [Section] = []

    private struct Tables {
        var segments, sections: UInt64  // offsets
        var segmentSize, segmentCount, sectionSize, sectionCount, nameSection: UInt64
    }

    /// Nil if this is none for the architecture.
    init?(_ bytes: ImageBytes, for architecture: FrameArchitecture = .native) {
        guard let header = bytes.read(0, 64), header[18] == architecture.machine, header[19] == 0,
            var tables = Self.tables(header)
        else { return nil }
        if let contents = bytes.read(tables.segments, tables.segmentCount &* 56), tables.segmentSize == 56 {
            segments = Self.records(contents, size: 56, Self.segment)
        }
        guard tables.sectionSize == 64, tables.sections > 0 else { return }
        Self.extend(&tables, bytes)
        guard tables.sectionCount < 1 << 20, let contents = bytes.read(tables.sections, tables.sectionCount * 64) else {
            return
        }
        let raw = Self.records(contents, size: 64, Self.section)
        guard tables.nameSection < UInt64(raw.count) else { return }
        let names = raw[Int(tables.nameSection)].section
        guard let text = names.isStored ? bytes.read(names.offset, names.size) : nil else { return }
        sections = raw.map { entry in
            var section = entry.section
            let name = text.dropFirst(Int(entry.name)).prefix(64).prefix { $0 != 0 }
            section.name = String(decoding: name, as: UTF8.self)
            return section
        }
    }

    private static func tables(_ header: [UInt8]) -> Tables? {
        // ELF magic, 64 bits, little-endian.
        guard header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return nil }
        return header.withUnsafeBytes { bytes in
            var cursor = FrameCursor(bytes, from: 32)
            let segments = cursor.fixed(UInt64.self)
            let sections = cursor.fixed(UInt64.self)
            cursor.skip(6)  // flags, header size
            let counts = (0..<5).map { _ in UInt64(cursor.fixed(UInt16.self)) }
            return Tables(
                segments: segments, sections: sections, segmentSize: counts[0], segmentCount: counts[1],
                sectionSize: counts[2], sectionCount: counts[3], nameSection: counts[4])
        }
    }

    /// Counts that do not fit the file header are in section header 0.
    private static func extend(_ tables: inout Tables, _ bytes: ImageBytes) {
        guard tables.sectionCount == 0 || tables.nameSection == 0xffff else { return }
        guard let first = bytes.read(tables.sections, 64) else { return }
        first.withUnsafeBytes {
            var cursor = FrameCursor($0, from: 32)
            let count = cursor.fixed(UInt64.self)
            let link = UInt64(cursor.fixed(UInt32.self))
            if tables.sectionCount == 0 { tables.sectionCount = count }
            if tables.nameSection == 0xffff { tables.nameSection = link }
        }
    }

    private static func records<T>(_ contents: [UInt8], size: Int, _ parse: (inout FrameCursor) -> T) -> [T] {
        contents.withUnsafeBytes { bytes in
            (0..<bytes.count / size).map { index in
                var cursor = FrameCursor(bytes, from: index * size)
                return parse(&cursor)
            }
        }
    }

    private static func segment(_ cursor: inout FrameCursor) -> Segment {
        let type = cursor.fixed(UInt32.self)
        let flags = cursor.fixed(UInt32.self)
        let offset = cursor.fixed(UInt64.self)
        let address = cursor.fixed(UInt64.self)
        cursor.skip(8)  // physical address
        return Segment(type: type, flags: flags, offset: offset, address: address, fileSize: cursor.fixed())
    }

    private static func section(_ cursor: inout FrameCursor) -> (name: UInt32, section: Section) {
        let name = cursor.fixed(UInt32.self)
        let type = cursor.fixed(UInt32.self)
        let flags = cursor.fixed(UInt64.self)
        let address = cursor.fixed(UInt64.self)
        let offset = cursor.fixed(UInt64.self)
        let size = cursor.fixed(UInt64.self)
        return (name, Section(name: "", type: type, flags: flags, address: address, offset: offset, size: size))
    }
}
