// SPDX-License-Identifier: Apache-2.0
// What compilers and linkers hang onto symbol names, and what a reader does not want to see.

enum SymbolAffixes {
    /// Suffixes of compiler-made clones and parts, each with the optional number that follows it.
    private static let cloneSuffixes: Set<String> = [
        "cold", "isra", "part", "constprop", "llvm", "lto_priv", "localalias", "clone", "warm", "hot", "exit",
        "unlikely", "resume", "destroy", "cleanup", "actor", "__uniq", "specialized", "ipa", "simdclone", "lbl",
    ]

    /// The name without its version: `memcpy@@GLIBC_2.14` is `memcpy`.
    static func withoutVersion(_ name: String) -> String {
        guard let at = name.utf8.firstIndex(of: UInt8(ascii: "@")), at != name.startIndex,
            !name.hasSuffix("@plt")
        else { return name }
        return String(name[..<at])
    }

    /// The name without clone suffixes: `f.isra.0.cold` is `f`.
    static func withoutClones(_ name: String) -> String {
        guard name.utf8.dropFirst().contains(UInt8(ascii: ".")) else { return name }
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        // LLVM tells equal names apart by a number; in C such a name may be somebody's own.
        let isMangled = name.hasPrefix("_Z") || name.hasPrefix("_R") || name.hasPrefix("$")
        while parts.count > 1, let last = parts.last {
            if cloneSuffixes.contains(String(last)) {
                parts.removeLast()
            } else if parts.count > 2, isNumber(last), cloneSuffixes.contains(String(parts[parts.count - 2])) {
                parts.removeLast(2)
            } else if isMangled, isNumber(last) {
                parts.removeLast()
            } else {
                break
            }
        }
        let stripped = parts.joined(separator: ".")
        return stripped.isEmpty ? name : stripped
    }

    /// Assembler labels and ELF mapping symbols (`.L12`, `$x`, `$d.3`): no names of functions.
    static func isMarker(_ name: UnsafePointer<CChar>) -> Bool {
        let first = UInt8(bitPattern: name[0])
        guard first != 0 else { return true }
        let second = UInt8(bitPattern: name[1])
        if first == UInt8(ascii: ".") { return second == UInt8(ascii: "L") }
        guard first == UInt8(ascii: "$"), second != 0 else { return false }
        let isMapping =
            second == UInt8(ascii: "x") || second == UInt8(ascii: "d") || second == UInt8(ascii: "a")
            || second == UInt8(ascii: "t")
        return isMapping && (name[2] == 0 || UInt8(bitPattern: name[2]) == UInt8(ascii: "."))
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
