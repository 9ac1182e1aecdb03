// SPDX-License-Identifier: Apache-2.0
// Which compilers made a file, by what they leave behind in it. Stripping leaves sections and .comment, and .dynsym.

import Glibc

enum ProgramOrigin {
    /// `swift`, `go`, `rust`, `c++`, `c`: the first that applies is what the program is written in, most likely.
    static func languages(of image: ElfImage, needed: [String]) -> [String] {
        var found: [String] = []
        if image.sections.contains(where: { $0.name.hasPrefix("swift5_") }) { found.append("swift") }
        if image.sections.contains(where: { [".go.buildinfo", ".note.go.buildid"].contains($0.name) }) {
            found.append("go")
        }
        let comment = image.section(named: ".comment").map { image.contents(of: $0) }
        let text = String(decoding: (comment ?? .init(start: nil, count: 0)).prefix(1 << 16), as: UTF8.self)
        if text.contains("rustc version") { found.append("rust") }
        if needed.contains(where: { $0.hasPrefix("libstdc++.") || $0.hasPrefix("libc++.") }) { found.append("c++") }
        if found.isEmpty, hasCxxSymbols(image) { found.append("c++") }
        return found.isEmpty ? ["c"] : found
    }

    /// Itanium C++ names; Rust's older scheme borrows them, with a hash at the end: `17h0123456789abcdefE`.
    private static func hasCxxSymbols(_ image: ElfImage) -> Bool {
        var found = false
        for table in [".symtab", ".dynsym"] {
            image.forEachSymbol(in: table) { name, isFunction in
                found = found || (isFunction && strncmp(name, "_Z", 2) == 0 && strstr(name, "17h") == nil)
            }
        }
        return found
    }

    private static let sanitizers = [
        (name: "address", library: "libasan.", symbol: "__asan_init"),
        (name: "thread", library: "libtsan.", symbol: "__tsan_init"),
        (name: "leak", library: "liblsan.", symbol: "__lsan_init"),
        (name: "memory", library: "libmsan.", symbol: "__msan_init"),
    ]

    /// gcc links the runtime as a library, clang and swiftc into the program.
    static func sanitizer(of image: ElfImage, needed: [String]) -> ModuleFacts.Sanitizer? {
        for candidate in sanitizers where needed.contains(where: { $0.hasPrefix(candidate.library) }) {
            return .init(name: candidate.name, isSeparateLibrary: true)
        }
        var found: ModuleFacts.Sanitizer?
        for table in [".dynsym", ".symtab"] where found == nil {
            image.forEachSymbol(in: table) { symbol, isFunction in
                guard isFunction, found == nil, strncmp(symbol, "__", 2) == 0,
                    let candidate = sanitizers.first(where: { strcmp(symbol, $0.symbol) == 0 })
                else { return }
                found = .init(name: candidate.name, isSeparateLibrary: false)
            }
        }
        return found
    }
}
