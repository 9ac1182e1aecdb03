/// One source of settings: the built-in defaults, a file, or the command line.
///
/// The format is one `key = value` a line, with `#` for comments. Keys are dotted.
struct ConfigurationLayer: Sendable {
    /// Where a line is not `key = value`.
    struct SyntaxError: Error, CustomStringConvertible {
        var source: String
        var line: Int
        var text: String

        var description: String { "\(source):\(line): expected 'key = value', found '\(text)'" }
    }

    /// Shown by `/v1/config`, so that an operator sees where a value comes from.
    let source: String
    private var values: [String: String] = [:]

    init(source: String, text: String) throws {
        self.source = source
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.prefix { $0 != "#" }.trimmingSpaces()
            if content.isEmpty { continue }
            guard let equals = content.firstIndex(of: "="), equals > content.startIndex else {
                throw SyntaxError(source: source, line: index + 1, text: String(content))
            }
            let key = content[..<equals].trimmingSpaces()
            values[String(key)] = String(content[content.index(after: equals)...].trimmingSpaces())
        }
    }

    subscript(key: String) -> String? { values[key] }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var trimmed = drop(while: \.isWhitespace)
        while trimmed.last?.isWhitespace == true {
            trimmed.removeLast()
        }
        return trimmed
    }
}
