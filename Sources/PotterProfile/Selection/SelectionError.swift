// SPDX-License-Identifier: Apache-2.0

/// A selection that cannot be: one line, what is wrong and what to give instead.
public struct SelectionError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
