// SPDX-License-Identifier: Apache-2.0

/// Where the files of a module are looked for.
public struct SymbolPlaces: Sendable {
    /// The directory that stands for `/`: of `--symfs`, or the root of a container. Empty: our own.
    public var root: String
    /// The module's own file, where it is at hand under another name (`/proc/self/fd/7`). Nil: `root` + its path.
    public var file: String?
    /// Directories with separate debug files, below `root`.
    public var debugDirectories: [String]

    public init(root: String = "", file: String? = nil, debugDirectories: [String] = ["/usr/lib/debug"]) {
        self.root = root.hasSuffix("/") ? String(root.dropLast()) : root
        self.file = file
        self.debugDirectories = debugDirectories
    }

    var debugRoots: [String] { debugDirectories.map { root + $0 } }
}
