// SPDX-License-Identifier: Apache-2.0

/// A function of the profile. Functions are referred to by index; 0 stands for the root of all stacks.
public struct Function: Hashable, Sendable {
    public var name: String
    /// The linker's name; empty if it is the same.
    public var systemName: String
    /// The language's module; empty if the language has none.
    public var module: String
    /// Path of the file that holds the code; empty for pseudo frames.
    public var binary: String
    public var file: String
    /// Where it is declared; 0 if unknown.
    public var line: UInt32
    public var language: String

    public init(
        name: String, systemName: String = "", module: String = "", binary: String = "", file: String = "",
        line: UInt32 = 0, language: String = ""
    ) {
        self.name = name
        self.systemName = systemName
        self.module = module
        self.binary = binary
        self.file = file
        self.line = line
        self.language = language
    }

    /// What people call the place that the function comes from: the language's module, else the file's name.
    public var displayModule: String {
        module.isEmpty ? Self.fileName(of: binary) : module
    }

    public static func fileName(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
