// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A word of a command line or environment: bytes up to a NUL, in whatever encoding. As a `String` a file name in Latin-1
/// would reach the command as another one.
public struct CommandWord: Sendable {
    /// With the NUL.
    let bytes: [CChar]

    public init(_ pointer: UnsafePointer<CChar>) {
        bytes = Array(UnsafeBufferPointer(start: pointer, count: strlen(pointer) + 1))
    }

    public init(_ text: String) { bytes = Array(text.utf8CString) }

    private init(_ content: some Sequence<CChar>) { bytes = Array(content) + [0] }

    /// For people: what is not UTF-8 is replaced.
    public var text: String { bytes.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } }

    var isEmpty: Bool { bytes.count == 1 }
    private var content: ArraySlice<CChar> { bytes.dropLast() }

    func starts(with text: String) -> Bool { content.starts(with: text.utf8.lazy.map { CChar(bitPattern: $0) }) }
    func dropping(_ count: Int) -> CommandWord { CommandWord(content.dropFirst(count)) }

    static func + (a: CommandWord, b: CommandWord) -> CommandWord { CommandWord(a.content + b.content) }

    func appending(_ other: CommandWord, separator: String) -> CommandWord { self + CommandWord(separator) + other }

    /// The path of `name` in this directory; an empty one is the current directory, as in PATH.
    func appending(_ name: CommandWord) -> CommandWord {
        (isEmpty ? CommandWord(".") : self).appending(name, separator: "/")
    }

    func split(at separator: Unicode.Scalar) -> [CommandWord] {
        content.split(separator: CChar(bitPattern: UInt8(ascii: separator)), omittingEmptySubsequences: false)
            .map { CommandWord($0) }
    }

    /// The last `count` arguments of this process.
    public static func lastArguments(_ count: Int) -> [CommandWord] {
        let all = Int(CommandLine.argc)
        return (max(0, all - count)..<all).compactMap { CommandLine.unsafeArgv[$0].map { CommandWord($0) } }
    }
}

/// A NULL-terminated array of C strings, for the call alone.
func withCStrings<R>(_ words: [CommandWord], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0.bytes) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
