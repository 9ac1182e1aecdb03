// SPDX-License-Identifier: Apache-2.0

/// Why a result could not be written, as one line.
public struct ExportError: Error, CustomStringConvertible, Sendable {
    public let what: String
    public let path: String
    public let why: String
    public let advice: String

    public var description: String {
        "\(what) \(path): \(why); \(advice)"
    }
}
