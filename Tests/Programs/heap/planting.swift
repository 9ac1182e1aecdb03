// SPDX-License-Identifier: Apache-2.0
// Shared by the programs of the heap tests. Leaks are planted on a thread that has ended: no register and no stack of the
// program keeps a copy. Truth goes to standard output, a line each:
//
//   planted KIND TYPE ~ADDRESS      this block leaks so (the address with its bits inverted: the line is no reference)
//   kept TYPE ~ADDRESS              this block must not be called a leak
import Glibc

private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}

@inline(never) func onEndedThread(_ body: @escaping () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        {
            Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body(); return nil
        }, work)
    precondition(status == 0)
    pthread_join(thread, nil)
}

@inline(never) func inverted(_ object: AnyObject) -> String {
    String(~UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque()), radix: 16)
}
@inline(never) func inverted(_ pointer: UnsafeRawPointer) -> String { String(~UInt(bitPattern: pointer), radix: 16) }

@inline(never) func planted(_ kind: String, _ object: AnyObject, _ type: String) {
    print("planted", kind, type.replacing(" ", with: ""), inverted(object))
}
@inline(never) func kept(_ object: AnyObject, _ type: String) {
    print("kept", type.replacing(" ", with: ""), inverted(object))
}

extension String {
    func replacing(_ old: Character, with new: String) -> String { String(flatMap { $0 == old ? Array(new) : [$0] }) }
}

/// Writes over the part of the stack that calls before have left.
@inline(never) func wipeStack() {
    withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { memory in
        memset(memory.baseAddress!, 0x5a, memory.count)
        blackHole(memory.baseAddress!)
    }
}
@inline(never) func blackHole(_ pointer: UnsafeMutableRawPointer) { hole = UInt(bitPattern: pointer) &* 0 }
nonisolated(unsafe) var hole: UInt = 0
