// SPDX-License-Identifier: Apache-2.0

/// Frames that are no code: they say where time went that no address can stand for. In a recording they are locations
/// of the module `PseudoFrame.module`, with the raw value as address.
public enum PseudoFrame: UInt64, Sendable, CaseIterable {
    /// Time in the kernel, called by the frame above.
    case kernel = 1
    /// CPU time that the thread's clock counted and no sample explains; negative if samples explain too much.
    case unattributed = 2
    /// CPU time of a process before the recorder's constructor ran.
    case startup = 3
    /// CPU time of a thread between its start and its arming.
    case arming = 4
    /// CPU time of a process that none of its threads' clocks contains.
    case exit = 5
    /// The caller of the outermost frame of a stack whose root was not reached.
    case incomplete = 6
    /// Stands for frames left out of the middle of a very deep stack; how many is in the upper half of the address.
    case cut = 7
    /// Time in the kernel for page faults of the frame above.
    case pageFault = 8
    /// Time in the kernel for neither a system call nor a page fault: interrupts, switches to other threads, signals.
    case otherKernel = 9

    /// Blocks from before the recorder's constructor, or before a forked child was known.
    case early = 10
    /// Blocks that a signal handler allocated within a call of malloc.
    case nestedCall = 11
    /// Blocks whose stack found no room in the stack table.
    case noRoom = 12

    /// The id of the module row that pseudo frames belong to.
    public static let module: Int64 = 1
    private static let countShift: UInt64 = 32

    public var name: String {
        switch self {
        case .pageFault: "[page fault]"
        case .otherKernel: "[other kernel]"
        case .early: "[before recording]"
        case .nestedCall: "[in a signal handler]"
        case .noRoom: "[stack table full]"
        default: "[\(self)]"
        }
    }

    /// The location in a recording; `count` is the number of frames that `.cut` stands for.
    public func location(count: UInt32 = 0) -> Location {
        Location(module: Self.module, address: UInt64(count) << Self.countShift | rawValue)
    }

    public init?(_ location: Location) {
        guard location.module == Self.module else { return nil }
        self.init(rawValue: location.address & ((1 << Self.countShift) - 1))
    }
}
