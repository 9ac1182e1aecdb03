// SPDX-License-Identifier: Apache-2.0
// The parts of an ELF file that unwind tables are made of: code segments, .eh_frame, .debug_frame.
//
// libelf would do, but for two things: it maps the file, so that a target which truncates its own executable would kill
// the collector by SIGBUS, and a sound answer is needed for files without section headers and for the vDSO.
// Everything is read by pread into memory of ours, and every offset is checked.

#if canImport(Glibc)
    import Glibc
#endif

/// Where the bytes of an image come from.
struct ImageBytes {
    let size: UInt64
    /// `count` bytes at `offset`; nil if that many are not there.
    let read: (_ offset: UInt64, _ count: UInt64) -> [UInt8]?

    init(_ image: UnsafeRawBufferPointer) {
        size = UInt64(image.count)
        read = { offset, count in
            guard offset <= UInt64(image.count), count <= UInt64(image.count) - offset else { return nil }
            return Array(image[Int(offset)..<Int(offset + count)])
        }
    }

    /// `descriptor` has to stay open.
    init(descriptor: Int32) throws(UnwindTableError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw UnwindTableError("fstat", errno) }
        let size = UInt64(max(status.st_size, 0))
        self.size = size
        read = { offset, count in
            guard offset <= size, count <= size - offset else { return nil }
            return Self.read(descriptor, offset, Int(count))
        }
    }

    private static func read(_ descriptor: Int32, _ offset: UInt64, _ count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + off_t(done))
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { return }
                done += got
            }
        }
        return bytes.count == count ? bytes : nil
    }
}

/// Bytes of a section with call frame information.
struct FrameSection {
    var architecture: FrameArchitecture
    var format: FrameEntries.Format
    var address: UInt64
    var bytes: [UInt8]
    /// The section's end is not known.
    var endsAtTerminator = false
}

/// A load segment that holds code.
struct CodeSegment {
    var start, end: UInt64  // file-relative addresses
    var offset: UInt64  // in the file
    var isReadable: Bool
}

struct FrameImage {
    let architecture: FrameArchitecture
    let headers: ElfHeaders
    private(set) var code: [CodeSegment] = []  // ascending
    private(set) var sections: [FrameSection] = []  // .eh_frame first
    private var segments: [CodeSegment] = []  // all that are loaded
    private(set) var codeSections: [CodeSegment] = []  // ascending; the code segments, if there are no section headers

    /// Nil if this is no ELF file for the architecture with code in it.
    init?(_ bytes: ImageBytes, for architecture: FrameArchitecture = .native) {
        guard let headers = ElfHeaders(bytes, for: architecture) else { return nil }
        self.architecture = architecture
        self.headers = headers
        for segment in headers.segments where segment.isCode || segment.type == 1 {
            let size = min(segment.fileSize, bytes.size &- min(segment.offset, bytes.size))
            let (end, overflow) = segment.address.addingReportingOverflow(size)
            guard size > 0, !overflow else { continue }
            let stored = CodeSegment(
                start: segment.address, end: end, offset: segment.offset, isReadable: segment.isReadable)
            segments.append(stored)
            if segment.isCode { code.append(stored) }
        }
        code.sort { $0.start < $1.start }
        guard !code.isEmpty else { return nil }
        codeSections = Self.codeSections(headers) ?? code
        if let section = Self.ehFrame(headers, bytes, architecture) { sections.append(section) }
        if let found = headers.sections.first(where: { $0.name == ".debug_frame" && $0.isStored }),
            let contents = found.isCompressed ? nil : bytes.read(found.offset, found.size)
        {
            sections.append(
                FrameSection(
                    architecture: architecture, format: .debugFrame, address: found.address, bytes: contents))
        }
    }

    /// Up to `count` signed 32-bit numbers at a file-relative address.
    func numbers(_ bytes: ImageBytes, at address: UInt64, count: Int) -> [Int32] {
        guard let segment = segments.first(where: { address >= $0.start && address < $0.end }) else { return [] }
        let size = min(UInt64(count) * 4, segment.end - address) & ~3
        guard let found = bytes.read(segment.offset &+ (address - segment.start), size) else { return [] }
        return found.withUnsafeBytes { stored in
            stride(from: 0, to: stored.count, by: 4).map {
                Int32(littleEndian: stored.loadUnaligned(fromByteOffset: $0, as: Int32.self))
            }
        }
    }

    private static func codeSections(_ headers: ElfHeaders) -> [CodeSegment]? {
        var result: [CodeSegment] = []
        for section in headers.sections where section.isStored && section.isCode {
            let (end, overflow) = section.address.addingReportingOverflow(section.size)
            guard !overflow, section.size > 0, section.address >= result.last?.end ?? 0 else { continue }
            result.append(CodeSegment(start: section.address, end: end, offset: section.offset, isReadable: true))
        }
        return result.isEmpty ? nil : result
    }

    private static func ehFrame(
        _ headers: ElfHeaders, _ bytes: ImageBytes, _ architecture: FrameArchitecture
    ) -> FrameSection? {
        if let found = headers.sections.first(where: { $0.name == ".eh_frame" && $0.isStored }) {
            guard let contents = bytes.read(found.offset, found.size) else { return nil }
            return FrameSection(
                architecture: architecture, format: .ehFrame, address: found.address, bytes: contents)
        }
        // No section headers: PT_GNU_EH_FRAME says where the section starts, and its segment where it ends at last.
        guard let index = headers.segments.first(where: { $0.type == 0x6474_e550 }), index.fileSize >= 8,
            let header = bytes.read(index.offset, 8), header[0] == 1, header[1] == 0x1b
        else { return nil }
        let distance = header.withUnsafeBytes {
            Int32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: Int32.self))
        }
        let address = index.address &+ 4 &+ UInt64(bitPattern: Int64(distance))
        let holder = headers.segments.first {
            $0.type == 1 && address >= $0.address && address - $0.address < $0.fileSize
        }
        guard let holder else { return nil }
        let skipped = address - holder.address
        let (offset, overflow) = holder.offset.addingReportingOverflow(skipped)
        guard !overflow, let contents = bytes.read(offset, holder.fileSize - skipped) else { return nil }
        return FrameSection(
            architecture: architecture, format: .ehFrame, address: address, bytes: contents, endsAtTerminator: true)
    }
}
