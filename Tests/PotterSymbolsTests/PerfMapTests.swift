// SPDX-License-Identifier: Apache-2.0

import PotterSymbols
import Testing

@Suite struct PerfMapTests {
    private func names(_ text: String, _ addresses: ClosedRange<UInt64>) -> [String?] {
        let map = PerfMap(Array(text.utf8))
        return addresses.map { map.frame(at: $0)?.function }
    }

    @Test func findsCode() {
        let text = "1000 4 first\n1004 2 second function (with) blanks\n0x2000 0x2 third\n"
        #expect(
            names(text, 0xfff...0x1006)
                == [nil, "first", "first", "first", "first"]
                + Array(
                    repeating: "second function (with) blanks", count: 2) + [nil])
        #expect(names(text, 0x1fff...0x2002) == [nil, "third", "third", nil])
    }

    /// Code is moved and its place used again: the later line is right, and what it does not cover stays.
    @Test func letsTheLaterLineWin() {
        #expect(names("10 8 a\n12 2 b\n", 0x10...0x17) == ["a", "a", "b", "b", "a", "a", "a", "a"])
        #expect(names("12 2 b\n10 8 a\n", 0x10...0x17) == Array(repeating: "a", count: 8))
        #expect(names("10 4 a\n10 4 b\n", 0x10...0x13) == Array(repeating: "b", count: 4))
        #expect(names("14 4 b\n10 6 a\n", 0x10...0x17) == ["a", "a", "a", "a", "a", "a", "b", "b"])
        #expect(names("10 2 a\n12 2 b\n11 2 c\n", 0x10...0x13) == ["a", "c", "c", "b"])
    }

    /// Against the rule itself, for ranges of any kind.
    @Test(arguments: 1...200 as ClosedRange<UInt64>) func agreesWithTheRule(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let codes = (0..<30).map { _ in
            (start: UInt64.random(in: 0..<60, using: &random), size: UInt64.random(in: 1..<12, using: &random))
        }
        let lines = codes.enumerated().map {
            "\(String($1.start, radix: 16)) \(String($1.size, radix: 16)) f\($0)"
        }
        let expected = (0...80 as ClosedRange<UInt64>).map { address in
            codes.lastIndex { $0.start <= address && address < $0.start + $0.size }.map { "f\($0)" }
        }
        #expect(names(lines.joined(separator: "\n"), 0...80) == expected)
    }

    @Test func leavesOutWhatItDoesNotUnderstand() {
        let text =
            "junk\n\n1000\n1000 4\n1000 4 \nzz 4 a\n-1 4 a\n1000 0 none\nffffffffffffffff 2 past\n"
            + "11111111111111111 1 long\n20 2 good"
        #expect(names(text, 0x1000...0x1003) == [nil, nil, nil, nil])
        #expect(names(text, 0x20...0x20) == ["good"])
        #expect(names("", 0...1) == [nil, nil])
    }

    @Test(arguments: [
        ("JS:*work /srv/app.js:12:14", "work", "/srv/app.js", 12),
        ("JS:~work /srv/app.js:12:14", "work", "/srv/app.js", 12),
        ("JS:^Point.norm file:///srv/my app.mjs:3:9", "Point.norm", "/srv/my app.mjs", 3),
        ("LazyCompile:*work /srv/app.js:12", "work", "/srv/app.js", 12),
        ("JS:~ /srv/app.js:1:1", "(anonymous)", "/srv/app.js", 1),
        ("JS:*get node:internal/url:784:10", "get", "node:internal/url", 784),
        ("py::work:/srv/app.py", "work", "/srv/app.py", nil),
        ("py::<module>:/srv/app.py", "<module>", "/srv/app.py", nil),
        ("Lcom/example/Main;::work", "Lcom/example/Main;::work", nil, nil),
        ("Builtin:ArrayMap", "Builtin:ArrayMap", nil, nil),
        ("py::", "py::", nil, nil),
        ("JS:", "JS:", nil, nil),
    ])
    func readsRuntimesNames(name: String, function: String, file: String?, line: Int?) throws {
        let frame = try #require(PerfMap(Array("0 1 \(name)\n".utf8)).frame(at: 0))
        #expect(frame.function == function && frame.file == file && frame.line == line)
        #expect(frame.systemName == (name == function ? nil : name))
    }
}
