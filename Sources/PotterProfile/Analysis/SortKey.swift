// SPDX-License-Identifier: Apache-2.0

/// What rows are made by: samples with the same values are one row. perf's keys, with perf's meaning.
public enum SortKey: String, Sendable, CaseIterable {
    /// The thread's name.
    case comm
    case pid
    case tid
    /// The file of the code.
    case dso
    case symbol
    /// The file and line of the source.
    case srcline

    /// Whether it is known of a thread, whatever its stack.
    var isOfTask: Bool {
        switch self {
        case .comm, .pid, .tid: true
        case .dso, .symbol, .srcline: false
        }
    }

    /// A list as perf takes it: `comm,dso,symbol`.
    public static func list(_ text: String) throws -> [SortKey] {
        let keys = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let key = SortKey(rawValue: word == "sym" ? "symbol" : String(word)) else {
                let known = allCases.map(\.rawValue).joined(separator: ",")
                throw SelectionError("sort key '\(word.prefix(40))': give some of \(known)")
            }
            return key
        }
        guard Set(keys).count == keys.count else { throw SelectionError("sort keys '\(text)': one is there twice") }
        return keys
    }
}
