// SPDX-License-Identifier: Apache-2.0
import PotterProfile
import Testing

/// Patterns, lists and time ranges as people type them.
@Suite struct PatternTests {
    @Test func patternsMatchAnywhereAndTellCase() throws {
        let pattern = try NamePattern("arse(r|_)")
        #expect(pattern.matches("Parser.run()") && pattern.matches("parse_int"))
        #expect(!pattern.matches("PARSER") && !pattern.matches("parse"))
        #expect(try NamePattern("(é)+\\.").matches("caféé.x") && NamePattern("^\\[kernel]$").matches("[kernel]"))
    }

    @Test(
        arguments: [
            ("", "an empty pattern"), ("(", "Unmatched ("), ("[a", "Unmatched ["), ("a{2", "Unmatched"),
            ("\\", "Trailing backslash"), ("(?i)x", "(? is not known here"), ("\\d+", "write [0-9]"),
            (String(repeating: "x", count: 1_001), "longer than 1000"), ("a\0b", "zero byte"),
            ("((a{1,300}){1,300}){1,300}", "repeats too much"), ("a{99999999999999999999}", "too big"),
        ])
    func aBadPatternSaysWhatIsWrong(pattern: String, words: String) {
        #expect {
            try NamePattern(pattern)
        } throws: { error in
            "\(error)".lowercased().contains(words.lowercased()) && !"\(error)".contains("\n")
        }
    }

    /// Nothing that somebody types may end the program. The seed is fixed: a failure comes again.
    @Test func noPatternEndsTheProgram() {
        var seed: UInt64 = 20_261_125
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let parts = [
            "a", "b", "(", ")", "[", "]", "*", "+", "?", "{", "}", "2", ",", "\\", "|", "^", "$", ".", "[:alpha:]", "é",
        ]
        var good = 0
        for _ in 0..<5_000 {
            let text = (0...next(9)).map { _ in parts[next(parts.count)] }.joined()
            guard let pattern = try? NamePattern(text) else { continue }
            good += 1
            _ = pattern.matches("abab2a é foo.bar(baz)")
        }
        #expect(good > 500)
    }

    @Test func noPatternTakesForEver() throws {
        let name = String(repeating: "a", count: 20_000) + "b"
        #expect(try !NamePattern("^(a+)+$").matches(name))
    }

    @Test func listsOfTasks() throws {
        #expect(try TaskName.list("12,worker") == [TaskName("12"), TaskName("worker")])
        for bad in ["", ",", "a,", ",a", "a,,b"] {
            #expect(throws: SelectionError.self) { try TaskName.list(bad) }
        }
        #expect(TaskName("[x]").matches(id: 1, name: "[x]"))
        #expect(!TaskName("12").matches(id: 123, name: "12x"))
    }

    @Test func listsOfKeys() throws {
        #expect(try SortKey.list("comm,dso,sym,srcline") == [.comm, .dso, .symbol, .srcline])
        for bad in ["", "comm,", "cpu", "comm,comm", "Comm"] {
            #expect(throws: SelectionError.self) { try SortKey.list(bad) }
        }
    }

    @Test(
        arguments: [
            ("1,2.5", 1_000_000_000..<2_500_000_000), (",2", 0..<2_000_000_000), ("9,", 9_000_000_000..<10_000_000_000),
            ("10%-20%", 1_000_000_000..<2_000_000_000), ("50%,", 5_000_000_000..<10_000_000_000),
            ("8,99999999999999999999", 8_000_000_000..<10_000_000_000), ("0,100%", 0..<10_000_000_000),
        ] as [(String, Range<UInt64>)])
    func timeRanges(text: String, range: Range<UInt64>) throws {
        #expect(try TimeRange(text).resolve(durationNs: 10_000_000_000) == range)
    }

    @Test(arguments: [
        "", ",", "-", "1", "a,b", "1,2,3", "-1,2", "1;2", "nan,1", "0x1,2", "1e3,", "101%-", "1,-2", "%,1",
    ])
    func malformedTimeRanges(text: String) {
        #expect {
            try TimeRange(text)
        } throws: {
            "\($0)".contains("give FROM,TO in seconds")
        }
    }

    @Test func timesThatAreNotInTheRecording() {
        #expect {
            try TimeRange("10,11").resolve(durationNs: 10_000_000_000)
        } throws: {
            "\($0)" == "time 10,11: the recording lasts 10.00 s"
        }
        #expect {
            try TimeRange("3,2").resolve(durationNs: 10_000_000_000)
        } throws: {
            "\($0)" == "time 3,2: it ends before it begins"
        }
        #expect(throws: SelectionError.self) { try TimeRange("0,1").resolve(durationNs: 0) }
    }
}
