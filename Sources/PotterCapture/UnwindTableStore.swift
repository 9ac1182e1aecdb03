// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Dispatch
import Glibc
import PotterSymbols
import Synchronization

/// The unwind tables of a recording: one memfd that every target maps read-only, filled as modules appear. A module is
/// built once, however many processes map it. Building runs on a queue of its own, so that a large program does not
/// keep the collector from draining rings.
final class UnwindTableStore: @unchecked Sendable {
    /// Address space only: pages are allocated as tables are added.
    static let capacity: UInt64 = 512 << 20

    /// What identifies a module's code: its build-id, or its file where it has none.
    struct Key: Hashable, Sendable {
        var buildID: [UInt8]
        var path: String
        var inode: UInt64
    }

    let memory: SharedMemory
    private let queue = DispatchQueue(label: "potter.unwind-tables")
    private let offsets = Mutex<[Key: UInt64]>([:])
    /// offset 0 means no table; touched on `queue` alone
    private var used: UInt64 = 4096

    init() throws {
        memory = try SharedMemory(name: "potter-unwind-tables", size: Self.capacity, reserved: 4096)
        // Linux before 5.1 lacks it: the targets map it read-only anyway
        _ = potter_seal_future_write(memory.descriptor)
    }

    /// The offset of a table that was built before; nil if it was not.
    func offset(for key: Key) -> UInt64? {
        offsets.withLock { $0[key] }
    }

    /// Builds the table of `path` (the vDSO where it is nil) and calls `done` on the queue with its offset, 0 if the
    /// module has none.
    func prepare(_ key: Key, path: String?, done: @escaping @Sendable (UInt64) -> Void) {
        queue.async { [self] in
            if let offset = offset(for: key) {
                done(offset)
                return
            }
            let offset = add(Self.build(path) ?? [])
            offsets.withLock { $0[key] = offset }
            done(offset)
        }
    }

    private static func build(_ path: String?) -> [UInt8]? {
        if let path {
            return (try? UnwindTableBuilder.table(path: path)) ?? nil
        }
        var size = 0
        let address = potter_vdso(&size)
        guard let start = UnsafeRawPointer(bitPattern: UInt(address)), size > 0 else { return nil }
        let image = UnsafeRawBufferPointer(start: start, count: size)
        return (try? UnwindTableBuilder.table(image: image, name: "[vdso]")) ?? nil
    }

    private func add(_ table: [UInt8]) -> UInt64 {
        let size = UInt64(table.count)
        guard size > 0, used + size + 4096 < Self.capacity,
            potter_allocate(memory.descriptor, used, size) == 0
        else { return 0 }
        let offset = used
        table.withUnsafeBytes {
            memory.base.advanced(by: Int(offset)).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        used = (used + size + 63) & ~63
        return offset
    }
}
