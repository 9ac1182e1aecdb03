// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterCore
import PotterProfile
import PotterRecording
import Synchronization

/// One program image under recording: looks into its session memory, and turns what the target claims there into rows
/// of the recording. Used by the collector's thread alone.
final class TargetSession {
    let memory: SessionMemory
    let settings: SamplingSettings
    let writer: RecordingWriter
    let store: UnwindTableStore
    let files: SymbolFiles
    let mainPid: Int32

    var processes: [UInt32: TrackedProcess] = [:]
    /// Slots of processes that are closed.
    var ended: Set<UInt32> = []
    var threads: [UInt32: TrackedThread] = [:]
    /// Slots of threads that are over for us, but may still be written by the target: never given back.
    var abandoned: Set<UInt32> = []
    /// Slots of processes that are not the target's, whatever it claims.
    var refused: Set<UInt32> = []
    /// By module slot: the module's row, 0 while unknown.
    var moduleRows: [Int64] = []
    var modulePaths: [String] = []
    /// The same, for unwinding; nil while unknown.
    var mappedModules: [MappedModule?] = []
    var copies: CopiedStackUnwinder?
    /// Wakes the collector when a table is ready.
    private(set) var bellRinger: @Sendable () -> Void = {}
    /// Slots that are being filled in, or never will be: their process was killed meanwhile.
    private var unannounced: Set<UInt32> = []
    /// Modules whose unwind tables are not ready.
    var unprepared: Set<UInt32> = []
    /// Stack id in session memory, above it the module row of the code outside of files -> row of the recording.
    var stackRows: [UInt64: Int64] = [:]
    /// Stacks with frames outside of all modules: what these are depends on the process.
    var stacksOutside: Set<UInt32> = []
    var flaggedStacks: [UInt32: FlaggedStack] = [:]
    var tally = UnwindTally()
    var heap = HeapTally()
    /// Time in handlers of threads that ended, ns.
    var handlerNs: UInt64 = 0
    var records: UInt64 = 0
    /// Sum of the heads of rings that are closed.
    var written: UInt64 = 0
    var badRecords: UInt64 = 0
    private var seenAnnounced: UInt32 = .max
    private let arrivedNs = potter_monotonic_ns()
    var heapStartNs: UInt64 { arrivedNs }
    let prepared = PreparedTables()
    /// CPU time before the recorder's constructor, ns: of the image's first process.
    var startupCPU: UInt64 = 0
    var processCount = 0
    /// CPU time of processes that ended, ns.
    var endedCPU: UInt64 = 0
    private var begun = false
    /// Sampling has begun (-D): CPU time counts.
    var counts: Bool
    /// Of the image; a forked child may have executed another by the time it is looked at.
    private var executable = ""
    private var command = ""
    /// When its last process ended; nil while one lives.
    var emptySinceNs: UInt64?

    init(
        memory: SessionMemory, pid: Int32, settings: SamplingSettings, writer: RecordingWriter,
        store: UnwindTableStore, files: SymbolFiles = SymbolFiles(), counts: Bool
    ) {
        self.counts = counts
        self.memory = memory
        mainPid = pid
        self.settings = settings
        self.writer = writer
        self.store = store
        self.files = files
    }

    /// Tables that the store's queue has finished for this session.
    final class PreparedTables: Sendable {
        let finished = Mutex<[(slot: UInt32, offset: UInt64)]>([])
    }

    /// Looks at announcements where there are new ones. `parentRow` finds the row of a process by its pid.
    func followAnnouncements(
        force: Bool, wake: @escaping @Sendable () -> Void, parentRow: (Int32) -> Int64?
    ) throws {
        publishTables()
        bellRinger = wake
        let announced = pp_session_announced(memory.header)
        if announced != seenAnnounced || force {
            seenAnnounced = announced
            try scanProcesses(parentRow)
            try scanThreads()
            try scanModules(wake)
        }
        answerHello()
    }

    /// The target's main thread waits until its modules' tables are there and it is armed, at most a second; to
    /// record the heap, at most thirty.
    private func answerHello() {
        guard !pp_session_is_ready(memory.header), !threads.isEmpty else { return }
        let late = potter_monotonic_ns() - arrivedNs > (settings.heap == .off ? 900_000_000 : 29_900_000_000)
        if unprepared.isEmpty || late {
            potter_futex_wake(pp_session_set_ready(memory.header))
        }
    }

    func scanProcesses(_ parentRow: (Int32) -> Int64?) throws {
        for slot in 0..<pp_session_process_high(memory.header)
        where processes[slot] == nil && !refused.contains(slot) {
            let claim = memory.process(slot)
            guard pp_process_state(claim) == PP_SLOT_LIVE.value else { continue }
            // The first process of an image is who said hello, whatever it writes: the kernel told us its pid.
            let pid = processes.isEmpty && slot == 0 ? mainPid : outerPid(Int32(bitPattern: claim.pointee.pid))
            guard isOurs(pid) else {
                refused.insert(slot)
                continue
            }
            let parentPid = ProcFiles.parent(of: pid) ?? Int32(bitPattern: claim.pointee.parent_pid)
            let parent = slot == 0 ? parentRow(parentPid) : processes[claim.pointee.parent]?.recordingID
            if processes.isEmpty {
                executable = ProcFiles.executable(of: pid) ?? ""
                command = ProcFiles.commandLine(of: pid) ?? ""
            }
            let row = try writer.addProcess(
                pid: pid, parent: parent, executable: executable, command: command, startNs: claim.pointee.start_ns)
            let process = TrackedProcess(
                slot: slot, pid: pid, recordingID: row, startCPU: claim.pointee.start_cpu_ns)
            processes[slot] = process
            processCount += 1
            if slot == 0, !begun {
                begun = true
                try writer.updateProcess(row, endNs: nil, cpuNs: nil, startupCpuNs: startupCPU, note: nil)
            }
        }
        for process in processes.values where pp_process_signal_taken(memory.process(process.slot)) == 1 {
            try giveSignalAway(process)
        }
    }

    /// The pid that a forked process has for us, which claims to be `pid` in its own namespace.
    private func outerPid(_ pid: Int32) -> Int32 {
        guard processes.values.contains(where: \.isElsewhere) else { return pid }
        return ProcFiles.processes.first {
            ProcFiles.innermostPid(of: $0) == pid && ProcFiles.maps(pid: $0, inode: memory.memory.inode)
        } ?? pid
    }

    /// Clocks are opened and signals sent to what the target claims: it must be a descendant, or
    /// map this very memory (a daemon, whose parent is gone).
    private func isOurs(_ pid: Int32) -> Bool {
        guard pid > 1 else { return false }
        if pid == mainPid || Descent.of(pid, from: mainPid) { return true }
        // Asked last: it may have been reaped while the others were answered.
        return ProcFiles.maps(pid: pid, inode: memory.memory.inode) || ProcFiles.parent(of: pid) == nil
    }

    func scanModules(_ wake: @escaping @Sendable () -> Void) throws {
        let high = pp_session_module_high(memory.header)
        while moduleRows.count < Int(high) {
            let slot = UInt32(moduleRows.count)
            moduleRows.append(0)
            modulePaths.append("")
            mappedModules.append(nil)
            unannounced.insert(slot)
        }
        for slot in unannounced.sorted() {
            let claim = memory.module(slot)
            guard pp_module_state(claim) == PP_MODULE_ANNOUNCED.value,  // else it is being filled in: next time
                let process = processes[claim.pointee.process] ?? processes[0]
            else { continue }
            unannounced.remove(slot)
            try follow(slot, claim, process, wake)
        }
    }

    private func follow(
        _ slot: UInt32, _ claim: UnsafeMutablePointer<pp_module>, _ process: TrackedProcess,
        _ wake: @escaping @Sendable () -> Void
    ) throws {
        let named = memory.path(of: claim)
        let isVDSO = named.hasPrefix("linux-vdso")
        let path = isVDSO ? "[vdso]" : named.isEmpty ? ProcFiles.executable(of: process.pid) ?? "" : named
        let buildID = memory.buildID(of: claim)
        let found =
            isVDSO
            ? nil : files.modules.find(path, of: process.pid, isProgram: named.isEmpty, buildID: buildID)
        let (readable, inode) = (found?.path, found?.inode ?? 0)
        let row = try writer.addModule(path: path, buildID: buildID, inode: inode, note: nil)
        files.modules.keep(found, forModule: row)
        try writer.addMapping(
            process: process.recordingID, module: row, start: claim.pointee.start, end: claim.pointee.end,
            bias: claim.pointee.bias, fromNs: claim.pointee.time_ns)
        moduleRows[Int(slot)] = row
        modulePaths[Int(slot)] = path
        mappedModules[Int(slot)] = MappedModule(
            start: claim.pointee.start, end: claim.pointee.end, bias: claim.pointee.bias, file: readable,
            isVDSO: isVDSO, row: row)
        let key = UnwindTableStore.Key(
            buildID: buildID, path: buildID.isEmpty ? path : "", inode: buildID.isEmpty ? inode : 0)
        if let offset = store.offset(for: key) {
            publish(slot, offset)
            return
        }
        guard readable != nil || isVDSO else {
            publish(slot, 0)
            return
        }
        unprepared.insert(slot)
        store.prepare(key, path: readable) { [prepared] offset in
            prepared.finished.withLock { $0.append((slot, offset)) }
            wake()
        }
    }

    private func publishTables() {
        let finished = prepared.finished.withLock { list in
            defer { list.removeAll() }
            return list
        }
        for (slot, offset) in finished {
            unprepared.remove(slot)
            publish(slot, offset)
        }
    }

    func publish(_ slot: UInt32, _ offset: UInt64) {
        potter_futex_wake(pp_module_set_prepared(memory.module(slot), offset))
    }
}

extension UInt32 {
    /// C's unsigned constants import with this type already; `Int32` ones do not.
    var value: UInt32 { self }
}
extension Int32 {
    var value: UInt32 { UInt32(bitPattern: self) }
}
