// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A regular expression over names: POSIX extended, as `grep -E` has it, with GNU's `\w` and `\b`. It matches anywhere
/// in a name, and tells upper from lower case.
public struct NamePattern: Sendable, CustomStringConvertible {
    private static let longest = 1_000
    /// Of all counts in braces, multiplied: glibc copies what is repeated.
    private static let mostCopies = 10_000

    public let text: String
    private let compiled: Compiled

    public init(_ text: String) throws {
        self.text = text
        try Self.check(text)
        compiled = try Compiled(text)
    }

    public var description: String { text }

    public func matches(_ name: String) -> Bool {
        regexec(compiled.expression, name, 0, nil, 0) == 0
    }

    /// Whether a function's name, its module, or the file of its source or code matches: what pprof looks at.
    public func matches(_ function: Function) -> Bool {
        [function.name, function.module, function.file, function.binary].contains { !$0.isEmpty && matches($0) }
    }

    /// By index of the profile's functions; 0 is the root, which is no function.
    func matching(_ functions: [Function]) -> [Bool] {
        [false] + functions.dropFirst().map(matches)
    }

    private static func check(_ text: String) throws {
        func refusal(_ why: String) -> SelectionError { SelectionError("pattern '\(text.prefix(100))': \(why)") }
        guard !text.isEmpty else { throw SelectionError("an empty pattern matches everything; give a part of a name") }
        guard text.utf8.count <= longest else { throw refusal("it is longer than \(longest) bytes") }
        guard !text.utf8.contains(0) else { throw refusal("it has a zero byte") }
        for (sign, instead) in [("\\d", "[0-9]"), ("\\D", "[^0-9]"), ("(?", "a pattern without it")] {
            guard !text.contains(sign) else { throw refusal("\(sign) is not known here; write \(instead)") }
        }
        var copies = 1
        for braces in text.split(separator: "{").dropFirst() {
            let counts = braces.prefix { $0 != "}" }.split(separator: ",").compactMap { Int($0) }
            copies = copies.multipliedReportingOverflow(by: max(1, counts.max() ?? 1)).partialValue
            guard (1...mostCopies).contains(copies) else { throw refusal("it repeats too much") }
        }
    }

    /// `regexec` may be called from several threads: it locks what it changes.
    private final class Compiled: @unchecked Sendable {
        let expression = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)

        init(_ text: String) throws {
            expression.initialize(to: regex_t())
            let code = regcomp(expression, text, REG_EXTENDED | REG_NOSUB)
            guard code != 0 else { return }
            var message = [CChar](repeating: 0, count: 200)
            regerror(code, expression, &message, message.count)
            let why = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw SelectionError("pattern '\(text)': \(why)")
        }

        deinit {
            regfree(expression)
            expression.deallocate()
        }
    }
}
