// SPDX-License-Identifier: Apache-2.0

/// One function at an address: the out-of-line function, or one that the compiler inlined into it.
public struct ResolvedFrame: Hashable, Sendable {
    /// Readable name, demangled; `[module+0xSTART]` where nothing covers the address.
    public var function: String
    /// The name in the file, where it differs from `function`.
    public var systemName: String?
    /// Module of the language (a Swift module), where the name tells it.
    public var languageModule: String?
    /// Language of the name; `.c` where the name is not mangled.
    public var language: Language
    /// Source file as the debug information names it, joined with its compilation directory.
    public var file: String?
    /// 1-based line; nil where there is none or where the compiler says 0 (code without a line).
    public var line: Int?
    /// True for an inlined function, false for the out-of-line function that contains it.
    public var isInlined: Bool

    public init(
        function: String, systemName: String? = nil, languageModule: String? = nil, language: Language = .c,
        file: String? = nil, line: Int? = nil, isInlined: Bool = false
    ) {
        self.function = function
        self.systemName = systemName
        self.languageModule = languageModule
        self.language = language
        self.file = file
        self.line = line
        self.isInlined = isInlined
    }
}
