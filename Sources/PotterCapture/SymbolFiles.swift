// SPDX-License-Identifier: Apache-2.0

/// What is kept of the targets' files while they run, so that their code can be named when they are gone.
struct SymbolFiles {
    let modules = ModuleFiles()
    let maps = PerfMapFiles()
    let images = UnwindImages()
}
