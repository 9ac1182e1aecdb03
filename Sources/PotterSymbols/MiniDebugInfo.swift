// SPDX-License-Identifier: Apache-2.0
// Symbols that a distribution leaves in stripped files (Fedora's minidebuginfo): section .gnu_debugdata is an ELF file
// with a .symtab, compressed as .xz.

import CElf

enum MiniDebugInfo {
    /// More is no symbol table of a single file, bytes.
    private static let maximumSize = 256 << 20
    /// What the decoder may use for its dictionary, bytes.
    private static let decoderMemory: UInt64 = 128 << 20

    /// Nil if the file has none, or a damaged one.
    static func open(in image: ElfImage) -> ElfImage? {
        guard let section = image.section(named: ".gnu_debugdata") else { return nil }
        guard let bytes = decompressed(image.contents(of: section)) else { return nil }
        return bytes.withUnsafeBytes { try? ElfImage(image: $0, name: image.path) }
    }

    /// - Complexity: O(size); grows by half, so that a small section that claims much gets no more than it fills.
    private static func decompressed(_ input: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let base = input.bindMemory(to: UInt8.self).baseAddress else { return nil }
        var stream = lzma_stream()
        guard lzma_stream_decoder(&stream, decoderMemory, 0) == LZMA_OK else { return nil }
        defer { lzma_end(&stream) }
        stream.next_in = base
        stream.avail_in = input.count
        var output = [UInt8](repeating: 0, count: min(max(input.count * 4, 4096), maximumSize))
        var filled = 0
        while true {
            let status = output.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress.map { $0 + filled }
                stream.avail_out = buffer.count - filled
                let status = lzma_code(&stream, LZMA_FINISH)
                filled = buffer.count - stream.avail_out
                return status
            }
            if status == LZMA_STREAM_END { return Array(output[..<filled]) }
            guard status == LZMA_OK, filled == output.count, filled < maximumSize else { return nil }
            output += [UInt8](repeating: 0, count: min(output.count / 2, maximumSize - output.count))
        }
    }
}
