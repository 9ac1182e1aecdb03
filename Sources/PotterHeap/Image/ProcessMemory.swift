// SPDX-License-Identifier: Apache-2.0

/// The memory of a process that does not run meanwhile: a frozen copy, or a stopped process. Who has one implements
/// this (`/proc/PID/mem`, process_vm_readv, a core file); this module does no I/O of its own.
public protocol ProcessMemory: AnyObject {
    /// Copies what is mapped from `address` on into `buffer`.
    /// - Returns: bytes copied, up to the first that cannot be read; 0 where nothing is mapped. Never an error: addresses
    ///   come out of the looked-at process and may be anything.
    func read(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int

    /// The parts of a mapped range that hold anything: pages that were never written to are left out, if it is known
    /// which they are (`/proc/PID/pagemap`). Programs map terabytes that they never touch.
    func populatedRanges(in range: Range<UInt64>) -> [Range<UInt64>]
}

extension ProcessMemory {
    public func populatedRanges(in range: Range<UInt64>) -> [Range<UInt64>] { [range] }
}
