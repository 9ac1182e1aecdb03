// SPDX-License-Identifier: Apache-2.0

/// Why a recording could not be made: one line that says what, why and what to do.
public struct CaptureError: Error, CustomStringConvertible, Sendable {
    public let description: String
    /// The status that `potter-prof record` ends with: 127 command not found, 126 cannot be executed, else 1.
    public let exitStatus: Int32

    public init(_ description: String, exitStatus: Int32 = 1) {
        self.description = description
        self.exitStatus = exitStatus
    }
}
