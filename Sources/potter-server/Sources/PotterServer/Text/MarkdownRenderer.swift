/// Renders the part of Markdown that the model writes: headings, lists, paragraphs, emphasis, code.
struct MarkdownRenderer: Sendable {
    func html(from markdown: String) -> String {
        var html = ""
        var isInList = false
        for line in markdown.split(separator: "\n") {
            let isItem = line.hasPrefix("- ")
            if isItem != isInList {
                html += isItem ? "<ul>\n" : "</ul>\n"
                isInList = isItem
            }
            html += block(line)
        }
        return isInList ? html + "</ul>\n" : html
    }

    private func block(_ line: Substring) -> String {
        let level = line.prefix(while: { $0 == "#" }).count
        if (1...6).contains(level), line.dropFirst(level).first == " " {
            return "<h\(level)>\(inline(line.dropFirst(level + 1)))</h\(level)>\n"
        }
        if line.hasPrefix("- ") {
            return "<li>\(inline(line.dropFirst(2)))</li>\n"
        }
        return "<p>\(inline(line))</p>\n"
    }

    /// Emphasis and code spans; an opening mark without its closing one stays as it was written.
    private func inline(_ text: Substring) -> String {
        var html = ""
        var rest = text
        while let character = rest.first {
            if rest.hasPrefix("**"), let (inner, after) = span(in: rest, between: "**") {
                html += "<strong>\(escape(inner))</strong>"
                rest = after
            } else if character == "`", let (inner, after) = span(in: rest, between: "`") {
                html += "<code>\(escape(inner))</code>"
                rest = after
            } else {
                html += escape(rest.prefix(1))
                rest = rest.dropFirst()
            }
        }
        return html
    }

    private func span(in text: Substring, between mark: String) -> (inner: Substring, after: Substring)? {
        let body = text.dropFirst(mark.count)
        guard let end = body.indices.first(where: { body[$0...].hasPrefix(mark) }), end > body.startIndex else {
            return nil
        }
        return (body[..<end], body[end...].dropFirst(mark.count))
    }

    private func escape(_ text: Substring) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
