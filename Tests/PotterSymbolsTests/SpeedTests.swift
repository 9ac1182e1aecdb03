// SPDX-License-Identifier: Apache-2.0

import PotterSymbols
import Testing

@Suite struct SpeedTests {
    /// The bar is 3 s for an optimized build; this is checked in debug builds as well, on shared machines.
    @Test func names20000AddressesOfTheStandardLibrary() throws {
        let library = "\(Toolchain.swiftBin)/../lib/swift/linux/libswiftCore.so"
        let text = try sectionRange(".text", of: library)
        let step = UInt64(text.count) / 20_000
        let start = ContinuousClock.now
        let symbols = try ModuleSymbols(path: library, expectedBuildID: nil)
        let named = (0..<20_000 as Range<UInt64>).filter { index in
            symbols.frames(at: text.lowerBound + index * step).last?.function.hasPrefix("[") == false
        }
        let seconds = ContinuousClock.now - start
        #expect(named.count > 18_000)
        #expect(seconds < .seconds(3))
    }
}
