// SPDX-License-Identifier: Apache-2.0
// Each thread of libdispatch keeps used continuations for the next ones, as they are: a task that it ran a minute ago still
// stands in there, and would never be found leaked. Layout of a continuation (libdispatch, src/queue_internal.h):
//
//   0 flags | 8 priority; in the cache: number of those from this one on | 16 next | 24 voucher | 32 function | 40 argument
//   48 data | 56 other
//
// The head is in the thread's static thread-local storage (__dispatch_tsd, not exported). What is taken for a cache starts
// there, and its numbers go down by one to 1 where the chain ends. A continuation that is in use keeps the number and the
// link that it had in the cache, but nothing thread-local refers to it.

enum DispatchCaches {
    /// Where a cached continuation refers to the next one, in words: the one reference that is followed.
    static let nextSlot: UInt32 = 2
    /// Static thread-local storage that is looked through, in bytes below the thread pointer. glibc reserves so much beyond
    /// what the modules take at the start (rtld's surplus), so that this is no frame of the thread yet.
    private static let storageSize: UInt64 = 1664
    /// Usable bytes of a block for a continuation of 64 bytes.
    private static let blockSizes: ClosedRange<UInt64> = 64...72
    /// libdispatch keeps 1,024 at most on any platform.
    private static let longest: UInt64 = 1024

    /// Blocks that are continuations in the caches of the threads.
    static func continuations(_ image: HeapImage, _ memory: CachedMemory, _ index: BlockIndex) -> BlockSet {
        var found = BlockSet(capacity: image.blocks.count)
        for thread in image.threads where thread.threadPointer > storageSize {
            let storage = stride(from: (thread.threadPointer - storageSize) & ~7, to: thread.threadPointer & ~7, by: 8)
            for address in storage {
                guard let head = memory.word(at: address), let chain = chain(from: head, image, memory, index) else {
                    continue
                }
                for block in chain { found.insert(block) }
            }
        }
        return found
    }

    private static func chain(
        from head: UInt64, _ image: HeapImage, _ memory: CachedMemory, _ index: BlockIndex
    ) -> [Int]? {
        guard var number = memoryNumber(head, image, memory, index), number <= longest else { return nil }
        var blocks: [Int] = []
        var here = head
        while true {
            guard memoryNumber(here, image, memory, index) == number else { return nil }
            blocks.append(index.block(holding: here))
            guard let next = memory.word(at: here + 16) else { return nil }
            number -= 1
            if number == 0 { return next == 0 ? blocks : nil }
            here = next
        }
    }

    /// The number in a block that may be a cached continuation; nil if it is none.
    private static func memoryNumber(
        _ address: UInt64, _ image: HeapImage, _ memory: CachedMemory, _ index: BlockIndex
    ) -> UInt64? {
        let block = index.block(holding: address)
        guard block >= 0, index.address(of: block) == address, blockSizes.contains(image.blocks.size(block)),
            let number = memory.load(UInt32.self, at: address + 8), number > 0
        else { return nil }
        return UInt64(number)
    }
}
