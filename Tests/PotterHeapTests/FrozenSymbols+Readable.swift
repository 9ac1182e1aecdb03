// SPDX-License-Identifier: Apache-2.0
import PotterSymbols

extension FrozenSymbols {
    static func readable(_ name: String) -> String { Demangler.demangle(name).name }
}
