// SPDX-License-Identifier: Apache-2.0

/// Why a heap could not be analysed.
public enum HeapError: Error, Equatable, CustomStringConvertible {
    /// More references between blocks than can be numbered.
    case tooManyReferences
    /// No memory of the process could be read, though it has blocks.
    case unreadableHeap(bytes: UInt64)

    public var description: String {
        switch self {
        case .tooManyReferences:
            "the heap has more than 4,294,967,294 references between its blocks: it cannot be analysed whole; "
                + "record a smaller workload"
        case .unreadableHeap(let bytes):
            "none of the heap's \(bytes) bytes could be read: the process is gone, or may not be read; "
                + "try as the user who started it, or as root"
        }
    }
}
