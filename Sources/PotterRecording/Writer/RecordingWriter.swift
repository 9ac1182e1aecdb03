// SPDX-License-Identifier: Apache-2.0
// Writes one recording. The collector calls it from its drain thread; nothing here is thread-safe.
//
//   add…/update…/set…  memory only: ids are given here, samples wait in an array
//   commit()           one transaction with all that is new; every second
//   finish()           aggregates, then the file alone holds everything
//
// Invariants
//  1. What a commit wrote survives SIGKILL of the collector: the WAL holds it. (Not a power cut: no fsync per commit.)
//  2. A commit that fails changes nothing; what it would have written waits for the next.
//  3. Raw data is never rewritten: samples, stacks, locations, modules only grow.
import GRDB
import Glibc
import PotterProfile

public final class RecordingWriter {
    public let path: String
    private var moduleIDs: [ModuleRow: Int64] = [:]
    private let place: RecordingPlace?
    let queue: DatabaseQueue
    var state: RecordingState
    var progress = RecordingProgress()
    var samples: [SampleRow] = []
    var totals = SampleTotals()
    var lastSampleNs: UInt64 = 0
    /// Sites of the heap that have an id, and what of the heap waits for the next commit.
    var heapSites: Int64 = 0
    var pendingHeapSites: [HeapSiteRow] = []
    var pendingHeapPoints: [HeapPointRow] = []
    public internal(set) var heapPointsWithoutRoom: UInt64 = 0
    private var closed = false
    /// How large the recording may become, and is: see `SizeLimit`.
    var limit: SizeLimit?
    /// Samples that found no room below the limit.
    public private(set) var samplesWithoutRoom: UInt64 = 0

    /// So many samples are held in memory at most; then a commit happens early.
    static let maxPendingSamples = 1 << 18

    /// Starts a recording at `path`. One that is there already, with its -wal and -shm, is renamed to `<path>.old`;
    /// what is no recording, or is being written, is refused. `maxBytes`: with all that lies beside it, it never becomes
    /// larger; `isFull` says when to end it.
    public init(path: String, run: RunInfo, maxBytes: UInt64? = nil) throws {
        let place = try RecordingPlace(claiming: path)
        self.place = place
        self.path = place.path
        state = RecordingState(run: run)
        limit = maxBytes.map(SizeLimit.init)
        do {
            queue = try RecordingFile.create(at: place.path)
        } catch {
            // It was not there before, and would be in the way of the next.
            for companion in RecordingFile.companions { unlink(place.path + companion) }
            throw error
        }
        try shortenWAL()
        try commit()
    }

    /// Goes on with a recording whose collector was killed.
    init(path: String, queue: DatabaseQueue, state: RecordingState, totals: SampleTotals) {
        self.path = path
        place = nil
        self.queue = queue
        self.state = state
        self.totals = totals
        progress.modules = state.modules.count
        progress.locations = state.trie.locations.count
        progress.stacks = state.trie.nodes.count
        progress.functions = state.functions.count
        progress.runChanged = false
    }

    // MARK: Run

    /// Changes what is known of the run: its end, its exit status, its engine.
    public func updateRun(_ change: (inout RunInfo) -> Void) {
        change(&state.run)
        progress.runChanged = true
    }

    /// A counter or fact of the quality line. The keys are in Docs/RecordingFormat.md.
    public func setQuality(_ key: String, _ value: Int64) throws {
        setQuality(key, .number(value))
    }

    public func setQuality(_ key: String, _ value: String) throws {
        setQuality(key, .text(value))
    }

    func setQuality(_ key: String, _ value: Quality.Value) {
        guard state.quality.values[key] != value else { return }
        state.quality.values[key] = value
        progress.changedQuality.insert(key)
    }

    // MARK: Processes and threads

    public func addProcess(
        pid: Int32, parent: Int64?, executable: String, command: String, startNs: UInt64
    ) throws -> Int64 {
        let id = Int64(state.processes.count)
        state.processes.append(
            ProcessRow(parent: parent, pid: pid, executable: executable, command: command, startNs: startNs))
        progress.changedProcesses.insert(id)
        return id
    }

    /// nil leaves a value as it is. `cpuNs` is all CPU time of the process, `startupCpuNs` the part of it before the
    /// recorder's constructor ran.
    public func updateProcess(
        _ id: Int64, endNs: UInt64?, cpuNs: UInt64?, startupCpuNs: UInt64?, note: String?
    ) throws {
        guard let index = known(id, in: state.processes) else { throw misuse("no process \(id)") }
        state.processes[index]?.endNs ?= endNs
        state.processes[index]?.cpuNs ?= cpuNs
        state.processes[index]?.startupCpuNs ?= startupCpuNs
        state.processes[index]?.note ?= note
        progress.changedProcesses.insert(id)
    }

    /// `engine` is what samples this thread, if that is not the run's engine.
    public func addThread(
        process: Int64, tid: Int32, name: String, startNs: UInt64, engine: Engine? = nil
    ) throws -> Int64 {
        guard known(process, in: state.processes) != nil else { throw misuse("no process \(process)") }
        let id = Int64(state.threads.count)
        state.threads.append(
            ThreadRow(
                process: process, tid: tid, name: name, startNs: startNs, armingNs: 0,
                engine: engine ?? state.run.engine))
        progress.changedThreads.insert(id)
        return id
    }

    /// nil leaves a value as it is. `cpuNs` is CPU time by the thread's own clock since the recorder met the thread:
    /// without what its process used before the constructor (`startupCpuNs`), with `armingNs`. `userTicks` and
    /// `kernelNs`: see `CPUAccounting.ThreadUsage`.
    public func updateThread(
        _ id: Int64, name: String?, endNs: UInt64?, cpuNs: UInt64, armingNs: UInt64, userTicks: UInt64 = 0,
        kernelNs: UInt64 = 0, unsampledReason: String?, engine: Engine? = nil
    ) throws {
        guard let index = known(id, in: state.threads) else { throw misuse("no thread \(id)") }
        state.threads[index]?.name ?= name
        state.threads[index]?.endNs ?= endNs
        state.threads[index]?.cpuNs = cpuNs
        state.threads[index]?.armingNs = armingNs
        state.threads[index]?.userTicks = userTicks
        state.threads[index]?.kernelNs = kernelNs
        state.threads[index]?.unsampledReason ?= unsampledReason
        state.threads[index]?.engine ?= engine
        progress.changedThreads.insert(id)
    }

    // MARK: Modules

    public func addModule(path: String, buildID: [UInt8], inode: UInt64, note: String?) throws -> Int64 {
        let hexadecimal = buildID.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }
        // One row for all processes that map it: its functions are the same.
        let row = ModuleRow(path: path, buildID: hexadecimal.joined(), inode: inode, note: note)
        if let known = moduleIDs[row] { return known }
        state.modules.append(row)
        let id = Int64(state.modules.count - 1)
        moduleIDs[row] = id
        return id
    }

    /// A module seen at an address range of a process, from `fromNs` on.
    @discardableResult
    public func addMapping(
        process: Int64, module: Int64, start: UInt64, end: UInt64, bias: UInt64, fromNs: UInt64
    ) throws -> Int64 {
        guard known(process, in: state.processes) != nil else { throw misuse("no process \(process)") }
        guard state.modules.indices.contains(Int(module)) else { throw misuse("no module \(module)") }
        let id = Int64(state.mappings.count)
        state.mappings.append(
            MappingRow(process: process, module: module, start: start, end: end, bias: bias, fromNs: fromNs))
        progress.changedMappings.insert(id)
        return id
    }

    public func endMapping(_ id: Int64, toNs: UInt64) throws {
        guard let index = known(id, in: state.mappings) else { throw misuse("no mapping \(id)") }
        state.mappings[index]?.toNs = toNs
        progress.changedMappings.insert(id)
    }

    // MARK: Samples

    /// The id of a stack, leaf first. `flags` are `PP_STACK_*`; `cut` is the number of frames missing after the first
    /// 256. Costs about a hash lookup a frame: keep the id of a stack that comes again.
    public func stack(frames: [Location], flags: UInt32, cut: UInt32) throws -> Int64 {
        for frame in frames where !state.modules.indices.contains(Int(frame.module)) {
            throw misuse("no module \(frame.module)")
        }
        if frames.isEmpty || hasNoRoom() {
            let unknown = [PseudoFrame.incomplete.location()]
            return Int64(state.trie.stack(unknown, flags: [], cut: 0))
        }
        return Int64(state.trie.stack(frames, flags: StackFlags(rawValue: flags), cut: cut))
    }

    /// `weightNs`: for `.user` the mean period, for ticks of engine timer count x interval; that of ticks under engine
    /// perf is not used. `count`: ticks with overruns, or 1.
    public func addSample(
        thread: Int64, timeNs: UInt64, stack: Int64, kind: SampleKind, weightNs: UInt64, count: UInt32
    ) throws {
        guard known(thread, in: state.threads) != nil, stack > 0, stack < state.trie.nodes.count else {
            throw misuse("no thread \(thread) or no stack \(stack)")
        }
        if samples.count >= pendingLimit { try commit() }
        guard !hasNoRoom() else {
            samplesWithoutRoom &+= 1
            return
        }
        samples.append(
            SampleRow(
                timeNs: timeNs, weightNs: weightNs, thread: UInt32(thread), stack: UInt32(stack), count: count,
                kind: kind))
    }

    private var pendingLimit: Int { min(Self.maxPendingSamples, limit?.pendingSamples ?? .max) }

    // MARK: Ends

    /// Closes the file as it is; without `finish` that is what a killed collector leaves.
    public func close() throws {
        guard !closed else { return }
        closed = true
        try RecordingFile.explain("cannot close", path) { try queue.close() }
    }

    func misuse(_ why: String) -> RecordingError {
        RecordingError(.misuse, what: "cannot write", path: path, why: why, advice: "this is a bug of Potter")
    }

    private func known<Row>(_ id: Int64, in rows: [Row?]) -> Int? {
        id > 0 && id < rows.count ? Int(id) : nil
    }
}

infix operator ?= : AssignmentPrecedence

/// Assigns unless nil.
private func ?= <Value>(target: inout Value, value: Value?) {
    if let value { target = value }
}

private func ?= <Value>(target: inout Value?, value: Value?) {
    if let value { target = value }
}
