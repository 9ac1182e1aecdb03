// SPDX-License-Identifier: Apache-2.0

/// Whose code a function is, as far as its name and its file tell. Reports colour by it.
public enum FunctionCategory: String, Sendable, CaseIterable {
    case swift, swiftLibrary, swiftRuntime, c, cpp, rust, system, kernel, pseudo, unknown

    public init(_ function: Function) {
        if function.name.hasPrefix("["), function.name.hasSuffix("]") {
            self = Self.bracketed(function)
            return
        }
        let file = Function.fileName(of: function.binary)
        if Self.isSwiftRuntime(function) {
            self = .swiftRuntime
        } else if function.language == "swift" {
            self = Self.isSwiftLibrary(function, file) ? .swiftLibrary : .swift
        } else if Self.isSystem(file) {
            self = .system
        } else {
            self = Self.byLanguage[function.language] ?? .unknown
        }
    }

    /// `cpp` is what recordings of format 1.1 say for `c++`.
    private static let byLanguage: [String: FunctionCategory] = ["c": .c, "c++": .cpp, "cpp": .cpp, "rust": .rust]

    private static func bracketed(_ function: Function) -> FunctionCategory {
        if [PseudoFrame.kernel, .pageFault, .otherKernel].contains(where: { $0.name == function.name }) {
            return .kernel
        }
        return PseudoFrame.allCases.contains { $0.name == function.name } ? .pseudo : .unknown
    }

    /// Entry points of the runtime are C symbols, linked statically or in libswiftCore and libswift_Concurrency.
    private static func isSwiftRuntime(_ function: Function) -> Bool {
        let names = ["swift_", "_swift_", "swift::", "_ZN5swift"]
        return names.contains { function.name.hasPrefix($0) || function.systemName.hasPrefix($0) }
    }

    private static func isSwiftLibrary(_ function: Function, _ file: String) -> Bool {
        isSwiftLibrary(module: function.module) || file.hasPrefix("libswift") || file.hasPrefix("libFoundation")
            || file.hasPrefix("lib_Foundation")
    }

    /// Whether a module of the language comes with the toolchain.
    public static func isSwiftLibrary(module: String) -> Bool {
        let modules = ["Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Synchronization", "Dispatch"]
        return modules.contains(module) || module.hasPrefix("Foundation")
    }

    private static func isSystem(_ file: String) -> Bool {
        let prefixes = ["libc.so", "libc-", "ld-linux", "libm.so", "libpthread", "libstdc++", "libgcc_s", "[vdso]"]
        return prefixes.contains { file.hasPrefix($0) } || file == "linux-vdso.so.1"
    }
}
