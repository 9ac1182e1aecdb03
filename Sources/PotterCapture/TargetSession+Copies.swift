// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import PotterProfile
import PotterRecording

/// Samples whose stack was copied: it is unwound here, as soon as it is drained.
extension TargetSession {
    /// The row of a copied stack; nil if the copy is damaged.
    func copiedStackRow(_ record: pp_sample, of thread: TrackedThread) throws -> Int64? {
        if copies == nil { copies = CopiedStackUnwinder(images: files.images) }
        guard let copies,
            let stack = try copies.unwind(
                record, thread: thread.slot, memory: memory, module: { try mappedModule($0) }),
            !stack.frames.isEmpty
        else { return nil }
        tally.copied += 1
        if stack.isLonger { tally.longer += 1 }
        return try stack.frames.withUnsafeBufferPointer {
            try writeStack($0, flags: stack.flags, cut: stack.cut, of: thread.process).row
        }
    }

    /// A library may have been announced after modules were looked at and before its first sample was drained.
    private func mappedModule(_ slot: UInt16) throws -> MappedModule? {
        if Int(slot) >= mappedModules.count || mappedModules[Int(slot)] == nil { try scanModules(bellRinger) }
        return Int(slot) < mappedModules.count ? mappedModules[Int(slot)] : nil
    }
}
