// SPDX-License-Identifier: Apache-2.0
// Reads the entries of .eh_frame and .debug_frame: CIEs (what functions have in common) and FDEs (one per function).
// Input is hostile: an entry that makes no sense is skipped, a section whose lengths make no sense ends there.

/// A common information entry.
struct CommonEntry {
    var architecture: FrameArchitecture
    var pointerEncoding: UInt8 = 0  // DW_EH_PE_absptr
    var codeAlignment: UInt64 = 1
    var dataAlignment: Int64 = 1
    var isSignalFrame = false
    /// The return address is in the usual register.
    var isSupported = true
    var hasAugmentationData = false
    var initialState = FrameState.other
}

/// A frame description entry: a function, and the program that computes its rows.
struct FrameEntry {
    let start, end: UInt64  // file-relative
    let common: CommonEntry
    let program: FrameCursor
}

struct FrameEntries {
    enum Format { case ehFrame, debugFrame }

    private let architecture: FrameArchitecture
    private let format: Format
    private let endsAtTerminator: Bool
    private let address: UInt64  // of the section
    private var cursor: FrameCursor
    private var commons: [Int: CommonEntry?] = [:]
    private var last: (offset: Int, common: CommonEntry)?

    init(_ section: FrameSection, _ bytes: UnsafeRawBufferPointer) {
        architecture = section.architecture
        format = section.format
        endsAtTerminator = section.endsAtTerminator
        address = section.address
        cursor = FrameCursor(bytes)
    }

    /// The next function, or nil at the end.
    mutating func next() -> FrameEntry? {
        while let entry = entry(&cursor) {
            guard let commonOffset = entry.commonOffset, let common = common(at: commonOffset) else { continue }
            if let function = function(entry.body, common) { return function }
        }
        return nil
    }

    private struct Raw {
        var commonOffset: Int?  // nil: this is a CIE
        var body: FrameCursor
    }

    /// Length and CIE pointer.
    private func entry(_ cursor: inout FrameCursor) -> Raw? {
        while !cursor.isAtEnd {
            var length = UInt64(cursor.fixed(UInt32.self))
            let isWide = length == 0xffff_ffff
            if isWide { length = cursor.fixed() }
            if length == 0, endsAtTerminator { return nil }
            if length == 0 { continue }  // A terminator in the middle: the linker joined sections that end with one.
            var body = cursor.slice(length)
            guard !cursor.failed else { return nil }
            let field = body.position
            let pointer = isWide && format == .debugFrame ? body.fixed(UInt64.self) : UInt64(body.fixed(UInt32.self))
            guard !body.failed else { continue }
            switch format {
            case .ehFrame:
                guard pointer != 0 else { return Raw(commonOffset: nil, body: body) }
                if pointer <= UInt64(field) { return Raw(commonOffset: field - Int(pointer), body: body) }
            case .debugFrame:
                let marker: UInt64 = isWide ? .max : 0xffff_ffff
                guard pointer != marker else { return Raw(commonOffset: nil, body: body) }
                if pointer < UInt64(body.bytes.count) { return Raw(commonOffset: Int(pointer), body: body) }
            }
        }
        return nil
    }

    private mutating func common(at offset: Int) -> CommonEntry? {
        if let last, last.offset == offset { return last.common }
        let common: CommonEntry?
        if let known = commons[offset] {
            common = known
        } else {
            var cursor = FrameCursor(self.cursor.bytes, from: offset)
            let entry = self.entry(&cursor)
            common = entry.flatMap { $0.commonOffset == nil ? parseCommon($0.body) : nil }
            commons[offset] = .some(common)
        }
        if let common { last = (offset, common) }
        return common
    }

    private func parseCommon(_ body: FrameCursor) -> CommonEntry? {
        var cursor = body
        var common = CommonEntry(architecture: architecture)
        let version = cursor.byte()
        guard [1, 3, 4].contains(version) else { return nil }
        let augmentation = cursor.string()
        if augmentation.starts(with: Array("eh".utf8)) { cursor.skip(8) }
        if version == 4 { cursor.skip(2) }  // address and segment size
        common.codeAlignment = cursor.uleb()
        common.dataAlignment = cursor.sleb()
        let returnAddress = version == 1 ? UInt64(cursor.byte()) : cursor.uleb()
        common.isSupported = returnAddress == architecture.returnAddress
        if augmentation.first == UInt8(ascii: "z") {
            common.hasAugmentationData = true
            var data = cursor.slice(cursor.uleb())
            guard augment(&common, by: augmentation.dropFirst(), &data) else { return nil }
        }
        guard !cursor.failed else { return nil }
        common.initialState = FrameProgram(common).initialState(cursor)
        return common
    }

    private func augment(_ common: inout CommonEntry, by letters: ArraySlice<UInt8>, _ data: inout FrameCursor) -> Bool
    {
        for letter in letters {
            switch letter {
            case UInt8(ascii: "R"): common.pointerEncoding = data.byte()
            case UInt8(ascii: "S"): common.isSignalFrame = true
            case UInt8(ascii: "L"): _ = data.byte()
            case UInt8(ascii: "P"):
                let encoding = data.byte()
                _ = pointer(&data, encoding)
            case UInt8(ascii: "B"): break
            default: return true  // The rest is unknown, but its length is not.
            }
        }
        return !data.failed
    }

    private func function(_ body: FrameCursor, _ common: CommonEntry) -> FrameEntry? {
        var cursor = body
        guard let start = pointer(&cursor, common.pointerEncoding),
            let length = pointer(&cursor, common.pointerEncoding & 0x0f)
        else { return nil }
        if common.hasAugmentationData { cursor.skip(cursor.uleb()) }
        let (end, overflow) = start.addingReportingOverflow(length)
        guard !cursor.failed, !overflow, length > 0 else { return nil }
        return FrameEntry(start: start, end: end, common: common, program: cursor)
    }

    /// A pointer in one of the DW_EH_PE_* encodings; nil for those that a file cannot resolve.
    private func pointer(_ cursor: inout FrameCursor, _ encoding: UInt8) -> UInt64? {
        let place = address &+ UInt64(cursor.position)
        let value: UInt64
        switch encoding & 0x0f {
        case 0x00, 0x04, 0x0c: value = cursor.fixed()
        case 0x01: value = cursor.uleb()
        case 0x02: value = UInt64(cursor.fixed(UInt16.self))
        case 0x03: value = UInt64(cursor.fixed(UInt32.self))
        case 0x09: value = UInt64(bitPattern: cursor.sleb())
        case 0x0a: value = UInt64(bitPattern: Int64(cursor.fixed(Int16.self)))
        case 0x0b: value = UInt64(bitPattern: Int64(cursor.fixed(Int32.self)))
        default: return nil
        }
        switch encoding & 0xf0 {
        case 0x00: return value
        case 0x10: return value &+ place
        default: return nil
        }
    }
}
