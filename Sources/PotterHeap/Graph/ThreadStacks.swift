// SPDX-License-Identifier: Apache-2.0
// Stacks of threads in anonymous mappings. glibc lays them out so, and keeps those of threads that are gone for new ones:
//
//   | guard page, no access | stack, grows down ... | thread-local storage | struct pthread | next mapping, if it touches |
//
// struct pthread begins at the thread pointer with its own address, and again 16 bytes on (x86-64: tcbhead_t). Its thread id
// is 0 once the kernel has seen the thread's end, -1 once it was joined. On other processors such mappings are roots as a
// whole.

struct ThreadStacks {
    /// Red zone of the x86-64 ABI: leaf functions use it below the stack pointer.
    private static let redZone: UInt64 = 128
    /// Size of glibc's struct pthread, rounded up: 0x900 in 2.36.
    private static let descriptorSize: UInt64 = 0x1000
    /// Offset of the thread id in it, unchanged from glibc 2.10 to 2.41.
    private static let idOffset: UInt64 = 0x2d0
    private static let descriptorAlignment: UInt64 = 64

    /// Stacks that lie in allocated blocks (pthread_attr_setstack): from the stack pointer to the block's end.
    let inBlocks: [Range<UInt64>]
    private let image: HeapImage
    private let memory: CachedMemory

    init(image: HeapImage, memory: CachedMemory, index: BlockIndex) {
        self.image = image
        self.memory = memory
        inBlocks = image.threads.compactMap { thread in
            let block = index.block(holding: thread.stackPointer)
            guard block >= 0 else { return nil }
            return Self.used(thread, in: image.blocks.address(block)..<image.blocks.end(block))
        }
    }

    /// The used part of the stack that the program began on. A program whose first thread is elsewhere (a coroutine's
    /// stack) has frames there, too.
    func firstStack(_ map: HeapMap) -> Range<UInt64> {
        guard let thread = image.threads.first(where: { map.range.contains($0.stackPointer) }) else { return map.range }
        return Self.used(thread, in: map.range)
    }

    /// Divides an anonymous mapping into stacks in use, from their stack pointers on, and what is no stack.
    func split(_ map: HeapMap) -> (inUse: [Range<UInt64>], rest: [Range<UInt64>]) {
        guard isAboveGuard(map) || image.threads.contains(where: { map.range.contains($0.threadPointer) }) else {
            return ([], [map.range])
        }
        var inUse: [Range<UInt64>] = []
        var start = map.range.lowerBound
        for descriptor in descriptors(in: map.range) where descriptor >= start {
            let end = min(map.range.upperBound, (descriptor + Self.descriptorSize + 4095) & ~4095)
            inUse += used(start..<end, descriptor: descriptor)
            start = end
        }
        return (inUse, start < map.range.upperBound ? [start..<map.range.upperBound] : [])
    }

    private func used(_ stack: Range<UInt64>, descriptor: UInt64) -> [Range<UInt64>] {
        if let thread = image.threads.first(where: { $0.threadPointer == descriptor }) {
            // A thread that runs elsewhere (a coroutine, a signal stack) has frames here that nobody can tell.
            return [stack.contains(thread.stackPointer) ? Self.used(thread, in: stack) : stack]
        }
        let id = memory.load(Int32.self, at: descriptor + Self.idOffset) ?? 1
        // A thread that is not in the list still has its stack. Of one that is gone the C library keeps the vector of its
        // thread-local storage (8 bytes into the descriptor) for the next.
        return id <= 0 ? [descriptor + 8..<descriptor + 16] : [stack]
    }

    private static func used(_ thread: FrozenThread, in range: Range<UInt64>) -> Range<UInt64> {
        let start = max(range.lowerBound, thread.stackPointer &- min(thread.stackPointer, redZone))
        let end = thread.stackEnd.map { min($0, range.upperBound) } ?? range.upperBound
        return start..<max(start, end)
    }

    private func isAboveGuard(_ map: HeapMap) -> Bool {
        image.maps.contains { $0.range.upperBound == map.range.lowerBound && !$0.isReadable && $0.isAnonymous }
    }

    /// Addresses in the range that are thread descriptors, ascending.
    private func descriptors(in range: Range<UInt64>) -> [UInt64] {
        var found: [UInt64] = []
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { window.deallocate() }
        for part in image.memory.populatedRanges(in: range) { find(in: part, window, &found) }
        return found
    }

    private func find(
        in range: Range<UInt64>, _ window: UnsafeMutableRawBufferPointer, _ found: inout [UInt64]
    ) {
        var here = (range.lowerBound + Self.descriptorAlignment - 1) & ~(Self.descriptorAlignment - 1)
        while here < range.upperBound {
            let wanted = Int(min(UInt64(window.count), range.upperBound - here))
            let got = image.memory.read(from: here, into: UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]))
            for offset in stride(from: 0, to: max(0, min(got, wanted) - 7), by: Int(Self.descriptorAlignment)) {
                let address = here + UInt64(offset)
                guard window.load(fromByteOffset: offset, as: UInt64.self) == address,
                    memory.word(at: address + 16) == address
                else { continue }
                found.append(address)
            }
            here += UInt64(wanted)
        }
    }
}
