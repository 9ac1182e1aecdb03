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
    /// Kernel time by the kernel's own account, in neither system calls nor page faults.
    case otherKernel = 8

    /// As in keys of documents.
    public var name: String {
        switch self {
        case .fault: "page_fault"
        case .otherKernel: "other_kernel"
        default: "\(self)"
        }
    }
}
