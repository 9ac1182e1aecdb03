// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Names processes or threads: a number, a name, or a name with the wildcards of a shell (`NIO-*`).
public struct TaskName: Sendable, Equatable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    /// A list as perf takes it: `12,worker`. A name with a comma in it cannot be given so; wildcards can: `a?b`.
    public static func list(_ text: String) throws -> [TaskName] {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else { throw SelectionError("'\(text)': give numbers or names, separated by commas") }
        return names.map(TaskName.init)
    }

    public func matches(id: Int32, name: String) -> Bool {
        text == "\(id)" || text == name || fnmatch(text, name, 0) == 0
    }
}
