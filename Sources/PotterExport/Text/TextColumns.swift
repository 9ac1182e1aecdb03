// SPDX-License-Identifier: Apache-2.0

/// Lines of columns: numbers to the right, words to the left, the last column as long as it likes.
struct TextColumns {
    enum Alignment { case left, right }

    private let headings: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []
    /// A wider cell shifts its own line instead of widening the column.
    private let maximum = 56

    init(_ columns: [(heading: String, alignment: Alignment)]) {
        headings = columns.map(\.heading)
        alignments = columns.map(\.alignment)
    }

    mutating func add(_ row: [String]) {
        rows.append(row.map(PlainText.escaped))
    }

    func lines() -> [String] {
        let all = [headings] + rows
        let widths = headings.indices.map { column in
            all.reduce(0) { max($0, min(maximum, $1[column].count)) }
        }
        return all.map { row in
            let cells = row.indices.map { padded(row[$0], to: widths[$0], alignments[$0]) }
            let line = "  " + cells.joined(separator: "  ")
            return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
        }
    }

    private func padded(_ text: String, to width: Int, _ alignment: Alignment) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return alignment == .left ? text + padding : padding + text
    }
}
