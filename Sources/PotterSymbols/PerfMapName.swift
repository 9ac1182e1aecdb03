// SPDX-License-Identifier: Apache-2.0
// What runtimes write as names into perf maps, taken apart into function, file and line.
//
//   node    JS:*work /srv/app.js:12:14     function work, compiled (* optimized, ^ baseline, + mid-tier, ~ interpreted)
//           LazyCompile:*work /srv/app.js:12:14     the same of older versions
//           JS:*Class.method file:///srv/m.mjs:3:9
//   python  py::work:/srv/app.py           function work; the line is not told
//
// All compiled versions of a function fall together. Anything else (java, .NET, stubs) is shown as it is.

enum PerfMapName {
    private static let scriptPrefixes = ["JS:", "LazyCompile:", "Function:", "InterpretedFunction:", "Script:"]

    static func frame(_ name: String) -> ResolvedFrame {
        if name.hasPrefix("py::") { return python(name) }
        for prefix in scriptPrefixes where name.hasPrefix(prefix) { return script(name, prefix) }
        return ResolvedFrame(function: name)
    }

    private static func python(_ name: String) -> ResolvedFrame {
        let rest = name.dropFirst(4)
        guard let colon = rest.firstIndex(of: ":"), colon > rest.startIndex else {
            return ResolvedFrame(function: name)
        }
        let file = String(rest[rest.index(after: colon)...])
        return ResolvedFrame(
            function: String(rest[..<colon]), systemName: name, file: file.isEmpty ? nil : file)
    }

    private static func script(_ name: String, _ prefix: String) -> ResolvedFrame {
        var rest = name.dropFirst(prefix.count)
        while let tier = rest.first, "*~^+'".contains(tier) { rest = rest.dropFirst() }
        let (place, numbers) = withoutNumbers(rest)
        guard let blank = place.firstIndex(of: " ") else {
            return rest.isEmpty
                ? ResolvedFrame(function: name) : ResolvedFrame(function: String(rest), systemName: name)
        }
        let function = place[..<blank]
        var file = String(place[place.index(after: blank)...])
        if file.hasPrefix("file://") { file.removeFirst("file://".count) }
        return ResolvedFrame(
            function: function.isEmpty ? "(anonymous)" : String(function), systemName: name,
            file: file.isEmpty ? nil : file, line: numbers.first)
    }

    /// `app.js:12:14` is app.js, 12, 14. At most two numbers.
    private static func withoutNumbers(_ text: Substring) -> (Substring, [Int]) {
        var rest = text
        var numbers: [Int] = []
        while numbers.count < 2, let colon = rest.lastIndex(of: ":"),
            let number = Int(rest[rest.index(after: colon)...]),
            number >= 0
        {
            numbers.insert(number, at: 0)
            rest = rest[..<colon]
        }
        return (rest, numbers.first == 0 ? [] : numbers)
    }
}
