// SPDX-License-Identifier: Apache-2.0
// Nothing is planted. `swift test` and the bundle itself run these; each says its truth line.
import Testing
import XCTest

final class EmptyCase: XCTestCase {
    func testNothing() { say("tests.xctest", fuzzy: "XCTest itself leaks: each test and its run retain each other") }
}

@Suite struct EmptySuite {
    @Test func nothing() { say("tests.testing", fuzzy: nil) }
}

private func say(_ name: String, fuzzy: String?) {
    let note = fuzzy.map { #","fuzzy":"\#($0)""# } ?? ""
    print(#"{"case":"\#(name)","leaks":false,"planted":[],"implied":[],"types":[],"proof":"counts"\#(note)}"#)
}
