// SPDX-License-Identifier: Apache-2.0

/// One function at a location, as the symbolizer names it. A location with inlined calls has several, innermost first.
public struct NamedFrame: Hashable, Sendable {
    /// Readable: `Type.method(label:)`, or `[module+0xSTART]` where no symbol covers the address.
    public var function: String
    /// The linker's name; empty if it is the same.
    public var systemName: String
    /// The language's module (`Foundation`), not the file; empty if the language has none.
    public var module: String
    public var file: String
    /// The line of this address in `file`; 0 if unknown.
    public var line: UInt32
    /// Where the function is declared; 0 if unknown.
    public var declarationLine: UInt32
    /// `swift`, `c`, `c++`, `rust`, or empty.
    public var language: String
    public var inlined: Bool
    /// The frame is of no file: it does not count as one of the module that its location is in.
    public var isOutsideFiles = false

    /// Code outside of all files that nothing names.
    public static let unknownCode: NamedFrame = {
        var frame = NamedFrame(function: "[unknown code]")
        frame.isOutsideFiles = true
        return frame
    }()

    public init(
        function: String, systemName: String = "", module: String = "", file: String = "", line: UInt32 = 0,
        declarationLine: UInt32 = 0, language: String = "", inlined: Bool = false
    ) {
        self.function = function
        self.systemName = systemName
        self.module = module
        self.file = file
        self.line = line
        self.declarationLine = declarationLine
        self.language = language
        self.inlined = inlined
    }
}
