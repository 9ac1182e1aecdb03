// SPDX-License-Identifier: Apache-2.0
// Nothing is planted; the truth line is the same for each case. `swift test` and the bundle itself run these.
import Testing
import XCTest

final class EmptyCase: XCTestCase {
    func testNothing() { say("tests.xctest") }
}

@Suite struct EmptySuite {
    @Test func nothing() { say("tests.testing") }
}

private func say(_ name: String) {
    print(
        #"{"case":"\#(name)","leaks":false,"planted":[],"implied":[],"types":[],"proof":"counts"}"#)
}
