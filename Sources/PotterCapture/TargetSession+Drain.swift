// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import PotterProfile
import PotterRecording

/// How unwinds went, by module: what the quality line says about stacks.
struct UnwindTally {
    var incomplete: [String: UInt64] = [:]
    var fallback: [String: UInt64] = [:]
    var cut: UInt64 = 0
    var raced: UInt64 = 0
    /// Unwound from copies, and those of them that are longer than the copy.
    var copied: UInt64 = 0
    var longer: UInt64 = 0
}

/// Samples: from a ring into the recording.
extension TargetSession {
    func drainAll() throws {
        for thread in threads.values { try drain(thread) }
    }

    /// Copies, checks, writes, and only then gives the records back: a claim of more than a ring holds is cut.
    func drain(_ thread: TrackedThread) throws {
        let claim = memory.thread(thread.slot)
        let head = pp_thread_head(claim)
        var tail = pp_thread_tail(claim)
        guard head > tail else { return }
        if head - tail > UInt64(PP_RING_RECORDS) {
            badRecords = badRecords.plus(head - tail - UInt64(PP_RING_RECORDS))
            tail = head - UInt64(PP_RING_RECORDS)
        }
        while tail < head {
            let record = pp_session_sample(memory.header, thread.slot, tail)
            records += 1
            try write(record, thread)
            tail += 1
        }
        pp_thread_set_tail(claim, tail)
    }

    private func write(_ record: pp_sample, _ thread: TrackedThread) throws {
        let row =
            record.copy == 0
            ? try stackRow(record.stack, of: thread.process) : try copiedStackRow(record, of: thread)
        guard let stack = row else {
            badRecords = badRecords.plus(1)
            return
        }
        if UInt32(record.kind) & PP_SAMPLE_FAULT.value != 0 { return try writeFaults(record, stack, thread) }
        let isTick = UInt32(record.kind) & PP_SAMPLE_TICK.value != 0
        let inSyscall = UInt32(record.kind) & PP_SAMPLE_SYSCALL.value != 0
        let kind: SampleKind = isTick ? (inSyscall ? .syscallTick : .tick) : .user
        let weight =
            isTick
            ? UInt64(record.count) &* settings.timerIntervalNs
            : min(record.weight_ns, 2 * settings.meanPeriodNs) + takeRedrawLoss(thread)
        try writer.addSample(
            thread: thread.recordingID, timeNs: record.time_ns, stack: stack, kind: kind, weightNs: weight,
            count: isTick ? record.count : 1)
        thread.samples += 1
    }

    private func writeFaults(_ record: pp_sample, _ stack: Int64, _ thread: TrackedThread) throws {
        let faults = thread.faultPeriod
        try writer.addSample(
            thread: thread.recordingID, timeNs: record.time_ns, stack: stack, kind: .fault,
            weightNs: faults * settings.faultNs, count: UInt32(clamping: faults))
    }

    /// CPU time that a redraw cost the clock, handed to the next sample of the thread: see `redrawPeriods`.
    private func takeRedrawLoss(_ thread: TrackedThread) -> UInt64 {
        let loss = thread.redrawLossNs
        thread.redrawLossNs = 0
        return loss
    }

    func stackRow(_ id: UInt32, of process: TrackedProcess) throws -> Int64? {
        let code = stacksOutside.contains(id) ? try codeRow(of: process) : 0
        if let row = stackRows[UInt64(code) << 32 | UInt64(id)] {
            if let flags = flaggedStacks[id] { count(flags) }
            return row
        }
        var header = pp_stack()
        return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Int(PP_MAX_FRAMES)) { frames -> Int64? in
            guard let base = frames.baseAddress, pp_session_copy_stack(memory.header, id, &header, base),
                header.depth > 0
            else { return nil }
            let stack = try writeStack(
                UnsafeBufferPointer(start: base, count: Int(header.depth)), flags: header.flags, cut: header.cut,
                of: process)
            if stack.isOutside { stacksOutside.insert(id) }
            stackRows[UInt64(stack.code) << 32 | UInt64(id)] = stack.row
            if let flagged = stack.flagged { flaggedStacks[id] = flagged }
            return stack.row
        }
    }

    struct WrittenStack {
        let row: Int64
        /// The module row of its code outside of all modules, if it has any.
        let code: Int64
        let isOutside: Bool
        let flagged: FlaggedStack?
    }

    /// The row of a stack, whose flags are counted. `frames`: leaf first, never empty.
    func writeStack(
        _ frames: UnsafeBufferPointer<UInt64>, flags: UInt32, cut: UInt32, of process: TrackedProcess
    ) throws -> WrittenStack {
        let isOutside = frames.contains { $0 >> UInt64(PP_FRAME_MODULE_SHIFT) == PP_FRAME_NO_MODULE }
        let code = isOutside ? try codeRow(of: process) : 0
        let locations = frames[ownClockFrames(frames)...].map { location($0, code: code) }
        let row = try writer.stack(frames: locations, flags: flags, cut: cut)
        var flagged: FlaggedStack?
        if flags != 0 {
            let stack = FlaggedStack(
                flags: flags, leafModule: moduleName(locations.first), rootModule: moduleName(locations.last))
            count(stack)
            flagged = stack
        }
        return WrittenStack(row: row, code: code, isOutside: isOutside, flagged: flagged)
    }

    /// Interposed calls read the coarse clock before they block. That time is the recorder's, whose frames are not shown,
    /// and not the program's: how many leaf frames are above such a call's.
    private func ownClockFrames(_ frames: UnsafeBufferPointer<UInt64>) -> Int {
        func path(_ i: Int) -> String {
            let slot = Int(frames[i] >> UInt64(PP_FRAME_MODULE_SHIFT))
            return slot < modulePaths.count ? modulePaths[slot] : ""
        }
        guard frames.count > 2, path(0) == "[vdso]" else { return 0 }
        return (1...2).first { Profile.isRecorder(modulePath: path($0)) } ?? 0
    }

    /// - Parameter code: the module row of code outside of all modules.
    private func location(_ frame: UInt64, code: Int64) -> Location {
        let slot = Int(frame >> UInt64(PP_FRAME_MODULE_SHIFT))
        return Location(
            module: slot < moduleRows.count ? moduleRows[slot] : slot == PP_FRAME_NO_MODULE ? code : 0,
            address: frame & PP_FRAME_ADDRESS_MASK)
    }

    /// The perf map of a process as a module; 0, no module, as long as it has none.
    private func codeRow(of process: TrackedProcess) throws -> Int64 {
        try files.maps.row(of: process.pid, writer: writer, now: potter_monotonic_ns()) ?? 0
    }

    private func moduleName(_ location: Location?) -> String {
        guard let module = location?.module, module != 0, let at = moduleRows.firstIndex(of: module) else {
            return "unknown code"
        }
        return modulePaths[at]
    }

    private func count(_ stack: FlaggedStack) {
        // A stack so deep that its root was not reached is cut: more tables would not help.
        if stack.flags & (PP_STACK_INCOMPLETE.value | PP_STACK_CUT.value) == PP_STACK_INCOMPLETE.value {
            tally.incomplete[stack.rootModule, default: 0] += 1
        }
        if stack.flags & PP_STACK_FALLBACK.value != 0 { tally.fallback[stack.leafModule, default: 0] += 1 }
        if stack.flags & PP_STACK_CUT.value != 0 { tally.cut += 1 }
        if stack.flags & PP_STACK_RACED.value != 0 { tally.raced += 1 }
    }
}

struct FlaggedStack {
    let flags: UInt32
    let leafModule: String
    let rootModule: String
}
