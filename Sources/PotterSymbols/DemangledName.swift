// SPDX-License-Identifier: Apache-2.0

/// Language that a mangled name comes from.
public enum Language: String, Hashable, Sendable, CaseIterable {
    case swift, cpp, rust
    /// Not mangled: C, assembly, or a language without mangling.
    case c
}

/// A symbol name for people.
public struct DemangledName: Hashable, Sendable {
    /// Readable name: `Type.method(label:)`, `ns::Type::method(int)`, `path::function`.
    public var name: String
    /// Swift module that holds the function, where the name tells it.
    public var module: String?
    public var language: Language

    public init(name: String, module: String? = nil, language: Language) {
        self.name = name
        self.module = module
        self.language = language
    }
}
