// SPDX-License-Identifier: Apache-2.0
import PotterSymbols

/// What the code of a program has for a profiler to work with.
public struct ProgramFacts: Sendable {
    /// The ELF file: the program itself, or what interprets a script.
    public let path: String
    public let module: ModuleFacts
    /// nil where there is no code for this architecture.
    public let unwind: UnwindCoverage?

    /// Throws `SymbolError` or `UnwindTableError` for a file that is damaged or cannot be read.
    init(path: String) throws {
        self.path = path
        module = try ModuleFacts(path: path)
        unwind = try UnwindCoverage(path: path)
    }

    /// Functions with names: here, or in the separate debug file.
    var namedFunctions: Int { max(module.symtabFunctions, module.debugFile?.functions ?? 0) }
    var hasDebugInfo: Bool { module.hasDebugInfo || module.debugFile?.hasDebugInfo == true }
}

extension UnwindCoverage {
    /// Percent of the code that has a rule of any kind; 100 if there is no code.
    public var coveredPercent: Double { percent(described + synthesized) }
    public var describedPercent: Double { percent(described) }
    public var synthesizedPercent: Double { percent(synthesized) }
    public var unsupportedPercent: Double { percent(unsupported) }
    public var uncoveredPercent: Double { code == 0 ? 0 : percent(uncovered) }

    /// Percent of the described functions that set up a frame pointer; nil if none is described.
    public var framePointerPercent: Double? {
        functions == 0 ? nil : Double(withFramePointer) / Double(functions) * 100
    }

    private func percent(_ bytes: UInt64) -> Double { code == 0 ? 100 : Double(bytes) / Double(code) * 100 }
}
