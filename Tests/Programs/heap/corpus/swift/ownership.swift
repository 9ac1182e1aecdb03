// SPDX-License-Identifier: Apache-2.0
// Leaks: manual memory, unbalanced retains, and what cycles own. No Foundation.
import Glibc

final class Library: Counted {
    var me: Library?
    var books: [Payload] = []
    var byName: [String: Int] = [:]
    var text = ""
    var numbers: ContiguousArray<Double> = []
    var node: UnsafeMutablePointer<RawNode>?
}

struct RawNode {
    var number = 1
    var library: Library?
}

/// An object with its elements behind it.
final class Buffer: ManagedBuffer<Buffer.Header, UInt64> {
    struct Header {
        var count = 0
        var me: Buffer?
    }
    deinit { Census.died(Buffer.self) }
}

final class Callback: Counted {
    let body: () -> Void
    init(_ body: @escaping () -> Void) {
        self.body = body
        super.init()
    }
}

@inline(never)
func plantOverRetain(_ n: Int) {
    for i in 0..<n {
        let payload = Payload()
        payload.number = i
        _ = Unmanaged.passRetained(payload)
        if i % 2 == 0 { _ = Unmanaged.passUnretained(payload).retain() }
        planted(payload, .overRetained)
    }
}

/// The library dies; the book that it held was retained once more.
@inline(never)
func plantOverRetainedMember(_ n: Int) {
    for _ in 0..<n {
        let library = Library()
        let book = Payload()
        library.books.append(book)
        _ = Unmanaged.passRetained(book)
        planted(book, .overRetained)
    }
}

@inline(never)
func plantPointer(_ n: Int) {
    for i in 0..<n {
        let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 100)
        numbers.initialize(repeating: i, count: 100)
        plantedBlock(numbers, type: "Int[100]", bytes: 800, .block)
    }
}

@inline(never)
func plantPointerToObjects(_ n: Int) {
    for _ in 0..<n {
        let books = UnsafeMutablePointer<Payload>.allocate(capacity: 5)
        for i in 0..<5 {
            let book = Payload()
            (books + i).initialize(to: book)
            planted(book, .owned)
        }
        plantedBlock(books, type: "Payload[5]", bytes: 40, .block)
    }
}

@inline(never)
func plantAlignedPointer(_ n: Int) {
    for _ in 0..<n {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 200, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 7, count: 200)
        plantedBlock(bytes, type: "UInt8[200]", bytes: 200, .block)
    }
}

@inline(never)
func plantMalloc(_ n: Int) {
    for _ in 0..<n {
        let text = strdup("a string that C made and Swift forgot")!
        plantedBlock(text, type: "CChar[]", bytes: strlen(text) + 1, .block)
        let block = malloc(104)!
        memset(block, 0x5a, 104)
        plantedBlock(block, type: "UInt8[104]", bytes: 104, .block)
    }
}

/// Userdata of a C callback, retained for it and never taken back.
@inline(never)
func plantUserdata(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        planted(payload, .overRetained)
        corpus_on_thread(
            { Unmanaged<Payload>.fromOpaque($0!).takeUnretainedValue().number += 1 },
            Unmanaged.passRetained(payload).toOpaque())
    }
}

/// A closure as userdata: the box, its context, and the payload.
@inline(never)
func plantClosureUserdata(_ n: Int) {
    for i in 0..<n {
        let payload = Payload()
        let callback = Callback { payload.number += i }
        planted(callback, .overRetained)
        planted(payload, .owned)
        corpus_on_thread(
            { Unmanaged<Callback>.fromOpaque($0!).takeUnretainedValue().body() },
            Unmanaged.passRetained(callback).toOpaque())
    }
    implied("closure context", n)
}

@inline(never)
func plantManagedBuffer(_ n: Int) {
    for _ in 0..<n {
        let buffer = Buffer.create(minimumCapacity: 20) { _ in Buffer.Header() } as! Buffer
        Census.born(Buffer.self)
        for i in 0..<20 { buffer.withUnsafeMutablePointerToElements { $0[i] = UInt64(i) } }
        buffer.header.me = buffer
        planted(buffer, .cycle)
    }
}

@inline(never)
func plantOwnedCollections(_ n: Int) {
    for i in 0..<n {
        let library = Library()
        library.me = library
        library.text = String(repeating: "long ", count: 10 + i % 5)
        library.byName["one"] = 1
        library.numbers = .init(repeating: Double(i), count: 3)
        for _ in 0..<3 {
            let book = Payload()
            library.books.append(book)
            planted(book, .owned)
        }
        planted(library, .cycle)
    }
    implied("string, dictionary and array storage", 4 * n)
}

/// The cycle leads through memory that is no object.
@inline(never)
func plantRawCycle(_ n: Int) {
    for _ in 0..<n {
        let library = Library()
        let node = UnsafeMutablePointer<RawNode>.allocate(capacity: 1)
        node.initialize(to: RawNode(library: library))
        library.node = node
        planted(library, .cycle)
        plantedBlock(node, type: "RawNode", bytes: 16, .cycle)
    }
}

/// Memory given back without `deinitialize`: the object in it keeps its count.
@inline(never)
func plantDeallocateWithoutDeinitialize(_ n: Int) {
    for _ in 0..<n {
        let library = Library()
        let node = UnsafeMutablePointer<RawNode>.allocate(capacity: 1)
        node.initialize(to: RawNode(library: library))
        node.withMemoryRebound(to: UInt.self, capacity: 2) { $0[1] = 0 }
        node.deallocate()
        planted(library, .root)
    }
}

/// `initialize` where an object already was.
@inline(never)
func plantInitializeTwice(_ n: Int) {
    let node = UnsafeMutablePointer<RawNode>.allocate(capacity: 1)
    for _ in 0..<n {
        let library = Library()
        node.initialize(to: RawNode(library: library))
        planted(library, .root)
    }
    node.initialize(to: RawNode())
    node.deallocate()
}

/// A thread-specific value whose key is deleted without a destructor.
@inline(never)
func plantThreadSpecific(_ n: Int) {
    var key = pthread_key_t()
    for _ in 0..<n {
        let payload = Payload()
        pthread_key_create(&key, nil)
        pthread_setspecific(key, Unmanaged.passRetained(payload).toOpaque())
        pthread_setspecific(key, nil)
        pthread_key_delete(key)
        planted(payload, .overRetained)
    }
}

@main
struct Ownership {
    static func main() {
        runCorpus(
            "ownership",
            [
                .leak("over_retain", plantOverRetain), .leak("over_retained_member", plantOverRetainedMember),
                .leak("pointer", plantPointer), .leak("pointer_to_objects", plantPointerToObjects),
                .leak("aligned_pointer", plantAlignedPointer), .leak("malloc", plantMalloc),
                .leak("userdata", plantUserdata), .leak("closure_userdata", plantClosureUserdata),
                .leak("managed_buffer", plantManagedBuffer), .leak("owned_collections", plantOwnedCollections),
                .leak("raw_cycle", plantRawCycle),
                .leak("deallocate_without_deinitialize", plantDeallocateWithoutDeinitialize),
                .leak("initialize_twice", plantInitializeTwice), .leak("thread_specific", plantThreadSpecific),
            ])
    }
}
