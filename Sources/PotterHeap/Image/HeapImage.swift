// SPDX-License-Identifier: Apache-2.0
// What a frozen process looked like: all that the analysis of its heap needs, whoever froze it and however.

/// A mapping of a frozen process.
public struct HeapMap: Sendable, Equatable {
    public var range: Range<UInt64>
    public var isReadable: Bool
    public var isWritable: Bool
    public var isExecutable: Bool
    /// Path of the file, a name in brackets (`[heap]`, `[stack]`), or empty.
    public var name: String

    public init(range: Range<UInt64>, isReadable: Bool, isWritable: Bool, isExecutable: Bool = false, name: String) {
        self.range = range
        self.isReadable = isReadable
        self.isWritable = isWritable
        self.isExecutable = isExecutable
        self.name = name
    }

    /// One line of /proc/PID/maps; nil if it is none.
    public init?(mapsLine line: some StringProtocol) {
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count >= 5 else { return nil }
        let bounds = fields[0].split(separator: "-")
        guard bounds.count == 2, let start = UInt64(bounds[0], radix: 16), let end = UInt64(bounds[1], radix: 16),
            start <= end
        else { return nil }
        let access = Array(fields[1].utf8)
        guard access.count >= 3 else { return nil }
        let name = fields.count > 5 ? fields[5].drop { $0 == " " } : ""
        self.init(
            range: start..<end, isReadable: access[0] == UInt8(ascii: "r"), isWritable: access[1] == UInt8(ascii: "w"),
            isExecutable: access[2] == UInt8(ascii: "x"), name: String(name))
    }

    /// Memory without a file behind it that is neither the break heap nor the first stack.
    var isAnonymous: Bool { name.isEmpty || name.hasPrefix("[anon") }
}

/// A thread of a frozen process, as it stood.
public struct FrozenThread: Sendable, Equatable {
    public var id: Int32
    /// Values of its general registers, in any order.
    public var registers: [UInt64]
    public var stackPointer: UInt64
    /// End of its stack (its highest address), if known; else that of the mapping that holds the stack pointer.
    public var stackEnd: UInt64?
    /// The thread pointer: FS base on x86-64, TPIDR_EL0 on arm64; 0 if unknown.
    public var threadPointer: UInt64

    public init(
        id: Int32, registers: [UInt64], stackPointer: UInt64, stackEnd: UInt64? = nil, threadPointer: UInt64 = 0
    ) {
        self.id = id
        self.registers = registers
        self.stackPointer = stackPointer
        self.stackEnd = stackEnd
        self.threadPointer = threadPointer
    }
}

/// A program file or library of a frozen process.
public struct HeapModule: Sendable, Equatable {
    public var path: String
    /// From its first to its last mapped byte, variables without initial values (.bss) included.
    public var range: Range<UInt64>

    public init(path: String, range: Range<UInt64>) {
        self.path = path
        self.range = range
    }
}

/// A frozen process.
public struct HeapImage {
    public var blocks: LiveBlocks
    public var memory: any ProcessMemory
    public var maps: [HeapMap]
    public var threads: [FrozenThread]
    /// Thread-local storage that lies in no root mapping or stack, as far as it is known apart.
    public var threadLocalRanges: [Range<UInt64>]
    /// Further memory whose words the program uses.
    public var otherRoots: [Range<UInt64>] = []
    /// Words that the kernel keeps for the process and gives back: data of epoll descriptors (`/proc/PID/fdinfo`), values of
    /// timers (`/proc/PID/timers`). Servers keep connections there and nowhere else.
    public var kernelWords: [UInt64] = []
    public var modules: [HeapModule]
    /// Memory of the profiler inside the process: no root, in no figure.
    public var profilerRanges: [Range<UInt64>]
    /// Readable name of the function or variable at an address; nil if it has none.
    public var symbolName: (UInt64) -> String?
    /// Address of an exported variable or function by its linker name; nil if no module has it.
    public var symbolAddress: (String) -> UInt64?

    public init(
        blocks: LiveBlocks, memory: any ProcessMemory, maps: [HeapMap], threads: [FrozenThread],
        threadLocalRanges: [Range<UInt64>] = [], modules: [HeapModule], profilerRanges: [Range<UInt64>] = [],
        symbolName: @escaping (UInt64) -> String?, symbolAddress: @escaping (String) -> UInt64?
    ) {
        self.blocks = blocks
        self.memory = memory
        self.maps = maps.sorted { $0.range.lowerBound < $1.range.lowerBound }
        self.threads = threads
        self.threadLocalRanges = threadLocalRanges
        self.modules = modules.sorted { $0.range.lowerBound < $1.range.lowerBound }
        self.profilerRanges = profilerRanges
        self.symbolName = symbolName
        self.symbolAddress = symbolAddress
    }
}
