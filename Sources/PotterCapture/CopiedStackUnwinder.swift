// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import CUnwind
import Glibc

/// Where a module is mapped, as its slot said when it was announced, and what to read of it.
struct MappedModule {
    /// Run-time addresses.
    let start: UInt64
    let end: UInt64
    /// Run-time address minus file-relative address.
    let bias: UInt64
    /// nil: there is none, or the vDSO.
    let file: String?
    let isVDSO: Bool
    /// Of the recording; modules of one row are one file.
    let row: Int64
}

/// A stack that was unwound from a copy.
struct UnwoundCopy {
    /// Leaf first: module slot and file-relative address, as in session memory.
    var frames: [UInt64]
    var flags: UInt32
    var cut: UInt32
    /// It is longer than what was copied of it.
    var isLonger: Bool
}

/// The files of modules, open for unwinding: each once, however many sessions map it. Used by the collector's thread.
final class UnwindImages {
    private var images: [Int64: OpaquePointer?] = [:]
    private var descriptors: [Int32] = []
    /// Clocks of threads need descriptors, too.
    private static let limit = 256

    func image(of module: MappedModule) -> OpaquePointer? {
        if let known = images[module.row] { return known }
        let image = open(module)
        images[module.row] = image
        return image
    }

    private func open(_ module: MappedModule) -> OpaquePointer? {
        if module.isVDSO {
            var size = 0
            let address = potter_vdso(&size)
            return potter_unwind_open(-1, UnsafeRawPointer(bitPattern: UInt(address)), UInt64(size))
        }
        guard let file = module.file, descriptors.count < Self.limit else { return nil }
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        guard let image = potter_unwind_open(descriptor, nil, 0) else {
            close(descriptor)
            return nil
        }
        descriptors.append(descriptor)
        return image
    }

    deinit {
        for case let image? in images.values { potter_unwind_close(image) }
        for descriptor in descriptors { close(descriptor) }
    }
}

/// Unwinds what one image's processes copied, by libunwind.
final class CopiedStackUnwinder {
    private let space: OpaquePointer
    private let images: UnwindImages
    private let copy = UnsafeMutablePointer<pp_copy>.allocate(capacity: 1)
    private let frames = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(PP_MAX_FRAMES))
    /// The module slots that `space` is set up for.
    private var mapped: [UInt16]?

    init?(images: UnwindImages) {
        guard let space = potter_unwind_space_create() else { return nil }
        self.space = space
        self.images = images
    }

    deinit {
        potter_unwind_space_destroy(space)
        copy.deallocate()
        frames.deallocate()
    }

    /// Takes the copy that a record names out of its slot, and unwinds it; nil if it is damaged. `module`: what a slot
    /// holds, nil if nothing was announced there.
    func unwind(
        _ record: pp_sample, thread: UInt32, memory: SessionMemory, module: (UInt16) throws -> MappedModule?
    ) rethrows -> UnwoundCopy? {
        guard
            pp_session_take_copy(memory.header, UInt32(record.copy) &- 1, thread, record.sequence, copy)
        else { return nil }
        try setUp(module)
        let result = potter_unwind_copy(space, copy, frames)
        return UnwoundCopy(
            frames: (0..<Int(result.depth)).map { frames[$0] }, flags: result.flags, cut: result.cut,
            isLonger: result.longer != 0)
    }

    /// What was mapped when the copy was made. Most samples find it as the last one did.
    private func setUp(_ module: (UInt16) throws -> MappedModule?) rethrows {
        let slots = withUnsafeBytes(of: &copy.pointee.modules) {
            Array($0.bindMemory(to: UInt16.self).prefix(Int(copy.pointee.module_count)))
        }
        guard slots != mapped else { return }
        var modules: [potter_unwind_module] = []
        for slot in slots {
            guard let found = try module(slot), found.start < found.end else { continue }
            modules.append(
                potter_unwind_module(
                    start: found.start, end: found.end, bias: found.bias, image: images.image(of: found),
                    slot: UInt32(slot), reserved: 0))
        }
        modules.sort { $0.start < $1.start }
        potter_unwind_space_set(space, modules, UInt32(modules.count))
        mapped = slots
    }
}
