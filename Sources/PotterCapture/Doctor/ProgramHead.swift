// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The first bytes of a file, as the kernel looks at them: what is it, and who would run it?
struct ProgramHead {
    /// The kernel reads so much of a `#!` line.
    private static let size = 256

    private let bytes: [UInt8]

    /// Of a regular file; empty where it cannot be read.
    init(path: CommandWord) {
        let descriptor = open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        var buffer = [UInt8](repeating: 0, count: Self.size)
        let count = descriptor >= 0 ? pread(descriptor, &buffer, buffer.count, 0) : 0
        if descriptor >= 0 { close(descriptor) }
        bytes = Array(buffer.prefix(max(count, 0)))
    }

    var isELF: Bool { bytes.count >= 20 && bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }
    var is32Bit: Bool { isELF && bytes[4] == 1 }
    var isEmpty: Bool { bytes.isEmpty }

    /// The words of a `#!` line: the interpreter and its argument; nil if there is no such line.
    var interpreterLine: (path: CommandWord, argument: CommandWord?)? {
        guard bytes.starts(with: [0x23, 0x21]) else { return nil }
        let line = bytes.dropFirst(2).prefix { $0 != 0x0a && $0 != 0 }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0d }
        let words = line.drop(while: isBlank).split(maxSplits: 1, whereSeparator: isBlank)
        guard let path = words.first else { return nil }
        let rest = words.dropFirst().first.map { Array($0.drop(while: isBlank)) } ?? []
        let argument = Array(rest.reversed().drop(while: isBlank).reversed())
        return (Self.word(Array(path)), argument.isEmpty ? nil : Self.word(argument))
    }

    private static func word(_ bytes: [UInt8]) -> CommandWord {
        (bytes + [0]).withUnsafeBytes { CommandWord($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}
