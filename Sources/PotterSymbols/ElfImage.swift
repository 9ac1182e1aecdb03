// SPDX-License-Identifier: Apache-2.0
// One ELF file or image, opened with libelf: sections, executable segments, build-id.
//
// Invariants:
//  1. Everything in the file is untrusted: sizes and offsets are checked, and counts bounded, before use.
//  2. Files are read, not mapped, up to `mapFrom` bytes: the program that owns a file could truncate it under a
//     mapping and kill the collector with SIGBUS. Larger ones (big debug information) are mapped, for memory's sake.
//  3. Pointers into section data and strings live as long as the image.

import CElf
import Glibc

final class ElfImage {
    struct Section {
        var index: Int
        var name: String
        var header: GElf_Shdr
        let handle: OpaquePointer

        var isExecutable: Bool {
            let code = UInt64(SHF_EXECINSTR) | UInt64(SHF_ALLOC)
            return header.sh_flags & code == code
        }
        var start: UInt64 { header.sh_addr }
        /// First address after the section, saturating.
        var end: UInt64 {
            let (sum, overflow) = header.sh_addr.addingReportingOverflow(header.sh_size)
            return overflow ? .max : sum
        }
    }

    /// A PT_LOAD segment with execute permission.
    struct Segment {
        var fileOffset: UInt64
        var address: UInt64
        var fileSize: UInt64
        var memorySize: UInt64

        func contains(_ address: UInt64) -> Bool {
            address >= self.address && address - self.address < memorySize
        }
    }

    /// Larger files are mapped instead of read.
    static let mapFrom: Int64 = 256 << 20

    /// What the image is called: the path of the module.
    let path: String
    /// Where it was opened; the name of an image from memory.
    let file: String
    let elf: OpaquePointer
    let machine: UInt16
    let sections: [Section]
    let executableSegments: [Segment]
    private let descriptor: Int32
    private let copy: UnsafeMutableRawPointer?

    /// Opens a file, `file` where that is another name for it. Throws `SymbolError`.
    convenience init(path: String, file: String? = nil) throws {
        let file = file ?? path
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SymbolError.unreadable(path, String(cString: strerror(errno))) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw SymbolError.unreadable(path, "it is not a regular file")
        }
        elf_version(UInt32(EV_CURRENT))
        let command = status.st_size > Self.mapFrom ? ELF_C_READ_MMAP : ELF_C_READ
        let elf = elf_begin(descriptor, command, nil)
        try self.init(path: path, file: file, elf: elf, descriptor: descriptor, copy: nil)
    }

    /// Copies an image from memory (the vDSO). Throws `SymbolError`.
    convenience init(image: UnsafeRawBufferPointer, name: String) throws {
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(image.count, 1), alignment: 16)
        copy.initializeMemory(as: UInt8.self, repeating: 0, count: max(image.count, 1))
        if let base = image.baseAddress { copy.copyMemory(from: base, byteCount: image.count) }
        elf_version(UInt32(EV_CURRENT))
        let elf = elf_memory(copy.assumingMemoryBound(to: CChar.self), image.count)
        try self.init(path: name, file: name, elf: elf, descriptor: -1, copy: copy)
    }

    private init(
        path: String, file: String, elf: OpaquePointer?, descriptor: Int32, copy: UnsafeMutableRawPointer?
    ) throws {
        var header = GElf_Ehdr()
        guard let elf, elf_kind(elf) == ELF_K_ELF, gelf_getehdr(elf, &header) != nil else {
            if let elf { elf_end(elf) }
            if descriptor >= 0 { close(descriptor) }
            copy?.deallocate()
            throw SymbolError.notELF(path, "it is not an ELF file")
        }
        self.path = path
        self.file = file
        self.elf = elf
        self.descriptor = descriptor
        self.copy = copy
        machine = header.e_machine
        sections = Self.readSections(elf)
        executableSegments = Self.readSegments(elf)
    }

    deinit {
        elf_end(elf)
        if descriptor >= 0 { close(descriptor) }
        copy?.deallocate()
    }

    private static func readSections(_ elf: OpaquePointer) -> [Section] {
        var names = 0
        guard elf_getshdrstrndx(elf, &names) == 0 else { return [] }
        var sections: [Section] = []
        var next = elf_nextscn(elf, nil)
        while let section = next {
            var header = GElf_Shdr()
            if gelf_getshdr(section, &header) != nil {
                let name = elf_strptr(elf, names, Int(header.sh_name)).map { String(cString: $0) } ?? ""
                sections.append(
                    Section(index: elf_ndxscn(section), name: name, header: header, handle: section))
            }
            next = elf_nextscn(elf, section)
        }
        return sections
    }

    private static func readSegments(_ elf: OpaquePointer) -> [Segment] {
        // Each is compared with many addresses: a hostile file must not have thousands.
        segments(elf, type: UInt32(PT_LOAD)).filter { $0.p_flags & UInt32(PF_X) != 0 }.prefix(256).map {
            Segment(fileOffset: $0.p_offset, address: $0.p_vaddr, fileSize: $0.p_filesz, memorySize: $0.p_memsz)
        }
    }

    static func segments(_ elf: OpaquePointer, type: UInt32) -> [GElf_Phdr] {
        var count = 0
        guard elf_getphdrnum(elf, &count) == 0, count < 65_536 else { return [] }
        return (0..<count).compactMap { index in
            var header = GElf_Phdr()
            guard gelf_getphdr(elf, Int32(index), &header) != nil, header.p_type == type else { return nil }
            return header
        }
    }

    func section(named name: String) -> Section? { sections.first { $0.name == name } }

    /// Uncompressed contents as they are in the file; empty where there are none.
    func contents(of section: Section) -> UnsafeRawBufferPointer {
        guard section.header.sh_type != UInt32(SHT_NOBITS), let data = elf_rawdata(section.handle, nil),
            let base = data.pointee.d_buf
        else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base, count: data.pointee.d_size)
    }

    /// Contents, decompressed where they are not; empty where that fails.
    func unpacked(_ section: Section) -> UnsafeRawBufferPointer {
        guard section.header.sh_flags & UInt64(SHF_COMPRESSED) != 0 else { return contents(of: section) }
        guard elf_compress(section.handle, 0, 0) >= 0, let data = elf_getdata(section.handle, nil),
            let base = data.pointee.d_buf
        else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base, count: data.pointee.d_size)
    }
}

// MARK: - Build-id

extension ElfImage {
    /// The GNU build-id: from the note segments as a running program has them, else from the note sections.
    func readBuildID() -> [UInt8] {
        for header in Self.segments(elf, type: UInt32(PT_NOTE)) {
            let kind = header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR
            let offset = Int64(bitPattern: header.p_offset)
            guard offset >= 0, header.p_filesz < 1 << 20 else { continue }
            if let id = buildID(in: elf_getdata_rawchunk(elf, offset, Int(header.p_filesz), kind)) { return id }
        }
        for section in sections where section.header.sh_type == UInt32(SHT_NOTE) {
            if let id = buildID(in: elf_getdata(section.handle, nil)) { return id }
        }
        return []
    }

    private func buildID(in data: UnsafeMutablePointer<Elf_Data>?) -> [UInt8]? {
        guard let data, let base = data.pointee.d_buf else { return nil }
        let bytes = UnsafeRawBufferPointer(start: base, count: data.pointee.d_size)
        var offset = 0
        var note = GElf_Nhdr()
        var nameOffset = 0
        var descriptorOffset = 0
        while offset < bytes.count {
            let next = gelf_getnote(data, offset, &note, &nameOffset, &descriptorOffset)
            guard next > offset else { return nil }
            if note.n_type == UInt32(NT_GNU_BUILD_ID), note.n_namesz == 4, nameOffset + 4 <= bytes.count,
                bytes[nameOffset..<nameOffset + 4].elementsEqual([0x47, 0x4e, 0x55, 0]),
                descriptorOffset + Int(note.n_descsz) <= bytes.count
            {
                return Array(bytes[descriptorOffset..<descriptorOffset + Int(note.n_descsz)])
            }
            offset = next
        }
        return nil
    }
}
