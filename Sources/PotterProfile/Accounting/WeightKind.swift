// SPDX-License-Identifier: Apache-2.0

/// What a weight in a profile is. The raw values are those of the recording file and never change.
public enum WeightKind: UInt8, Sendable, CaseIterable {
    case user = 1
    case kernel = 2
    case unattributed = 3
    case startup = 4
    case arming = 5
    case exit = 6
    /// Kernel time in page faults.
    case fault = 7

    /// As in keys of documents.
    public var name: String {
        self == .fault ? "page_fault" : "\(self)"
    }
}
