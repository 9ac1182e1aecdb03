// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a page fault costs on this machine: samples of faults are worth it. It is 0.25 us on metal and over 1 us in a
/// virtual machine, whose second page table is walked as well, so it is measured and not assumed.
enum PageFaultCost {
    private static let pages = 256
    private static let rounds = 4
    /// Where nothing can be measured.
    private static let assumedNs: UInt64 = 700

    /// CPU time of the first write to a page of anonymous memory, ns: the best of a few rounds, about 1 ms in all.
    static func measured() -> UInt64 {
        let best = (0..<rounds).compactMap { _ in round() }.min() ?? assumedNs
        return max(100, min(best, 20_000))
    }

    private static func round() -> UInt64? {
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))  // 4, 16 or 64 KiB on arm64
        let size = pages * pageSize
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else { return nil }
        defer { munmap(memory, size) }
        madvise(memory, size, Int32(MADV_NOHUGEPAGE))  // else one fault would bring 512 pages
        let bytes = memory.assumingMemoryBound(to: UInt8.self)
        let begin = threadCPU()
        for page in 0..<pages { bytes[page * pageSize] = 1 }
        let elapsed = threadCPU() &- begin
        return elapsed / UInt64(pages)
    }

    private static func threadCPU() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
