// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Foundation
import PotterProfile
import Testing

@testable import PotterCapture
@testable import PotterRecording

extension RobustTests {
    /// A hostile target: whatever it writes into session memory, the collector neither traps nor hangs, and touches no
    /// process that is not the target's.
    @Suite struct HostileMemory {
        /// A session over memory that nobody but this test writes, of a "target" that is a child of the test.
        private final class Attack {
            let memory: SessionMemory
            let session: TargetSession
            let writer: RecordingWriter
            var generator: RobustGenerator

            init(seed: UInt64, engine: EngineChoice, pid: Int32, path: String) throws {
                generator = RobustGenerator(seed: seed)
                var options = RecordOptions(command: [CommandWord("x")])
                options.engine = engine
                options.heap = HeapChoice.allCases.randomElement(using: &generator) ?? .off
                let settings = try SamplingSettings(options)
                let header = settings.sessionHeader(follow: true, limits: SessionLimits())
                memory = try SessionMemory(size: header.sessionSize) { header.fill($0) }
                writer = try RecordingWriter(
                    path: path,
                    run: RunInfo(
                        command: ["x"], workingDirectory: "/", startNs: 1, startWallNs: 1, engine: .perf,
                        engineReason: "", rateHz: 99, periodNs: settings.meanPeriodNs, tickNs: settings.timerIntervalNs)
                )
                if options.heap != .off { try writer.setQuality(QualityKey.heapMode, options.heap.rawValue) }
                session = TargetSession(
                    memory: memory, pid: pid, settings: settings, writer: writer, store: try UnwindTableStore(),
                    counts: true)
                session.startupCPU = .random(in: 0...UInt64.max, using: &generator)
            }

            /// Numbers that break things, and any others.
            func number() -> UInt64 {
                let odd: [UInt64] = [
                    0, 1, 2, 3, 4, 511, 512, 513, 4095, 4096, .max, .max - 1, 1 << 63, 1 << 31, 1 << 32,
                ]
                return Bool.random(using: &generator) ? odd.randomElement(using: &generator) ?? 0 : generator.next()
            }

            /// What the scribbling was taken for: a fuzz that reaches nothing proves nothing.
            var reached: Set<String> {
                let counts = [
                    "processes": session.processCount, "threads": writer.state.threads.count - 1,
                    "modules": session.moduleRows.count, "samples": Int(session.records),
                    "bad records": Int(clamping: session.badRecords), "copies": Int(session.tally.copied),
                    "foreign": memory.foreignPrograms().count, "heap": session.heap.sites.count,
                ]
                return Set(counts.filter { $0.value > 0 }.keys)
            }

            func scribble() {
                let areas: [(UInt64, UInt64)] = [
                    (pp_offset_claims(), UInt64(MemoryLayout<pp_session>.size) - pp_offset_claims()),
                    (pp_offset_processes(), 4 * 64), (pp_offset_threads(), 8 * 256), (pp_offset_modules(), 8 * 128),
                    (pp_offset_strings(), 256), (pp_offset_rings(), 3 * 16384), (pp_offset_arena(), 8192),
                    (pp_offset_copies(), 4096 + 2 * UInt64(MemoryLayout<pp_copy>.size)),
                ]
                for _ in 0..<Int.random(in: 1...400, using: &generator) {
                    let (start, size) = areas.randomElement(using: &generator) ?? (0, 8)
                    let wide = Bool.random(using: &generator)
                    let at = start + UInt64.random(in: 0..<size / 8, using: &generator) * 8
                    let value = number()
                    if wide {
                        memory.memory.base.storeBytes(of: value, toByteOffset: Int(at), as: UInt64.self)
                    } else {
                        let small = UInt32.random(in: 0...5, using: &generator)
                        let word = Bool.random(using: &generator) ? small : UInt32(truncatingIfNeeded: value)
                        memory.memory.base.storeBytes(of: word, toByteOffset: Int(at) + Int(value & 4), as: UInt32.self)
                    }
                }
            }

            /// A record with a copied stack that looks right, and has anything in it.
            func forgeCopy() {
                let thread = session.threads.keys.sorted().first { $0 < 512 } ?? 0
                let slot = UInt32.random(in: 0...2, using: &generator)
                guard let copy = pp_session_copy(memory.header, slot) else { return }
                let stack = UInt64.random(in: 0...UInt64.max >> 17, using: &generator) & ~7
                copy.pointee.thread = thread
                copy.pointee.sequence = 7
                copy.pointee.size = UInt32.random(in: 0...PP_COPY_BYTES / 8, using: &generator) * 8
                copy.pointee.low = stack
                copy.pointee.high = Bool.random(using: &generator) ? number() : stack &+ 4096
                copy.pointee.module_count = UInt32.random(in: 0...4, using: &generator)
                withUnsafeMutableBytes(of: &copy.pointee.registers) { registers in
                    for at in stride(from: 0, to: registers.count, by: 8) {
                        let value = Bool.random(using: &generator) ? number() : stack &+ (number() & 0xfff)
                        registers.storeBytes(of: value, toByteOffset: at, as: UInt64.self)
                    }
                }
                pp_store32(pp_copy_owner(memory.header, slot), thread + 1)
                let claim = memory.thread(thread)
                let head = pp_thread_tail(claim)
                let at = Int(pp_offset_rings()) + Int(thread) * Int(PP_RING_RECORDS) * 32 + Int(head % 512) * 32
                let record = pp_sample(
                    time_ns: number(), stack: 0, kind: 1, copy: UInt16(slot + 1), count: 1, sequence: 7, weight_ns: 1)
                memory.memory.base.storeBytes(of: record, toByteOffset: at, as: pp_sample.self)
                pp_thread_set_head(claim, head &+ 1)
            }

            /// Tables of the heap's counters that look right, or not quite.
            func forgeHeap() {
                guard session.settings.heap != .off else { return }
                let base = memory.memory.base
                let area = base + Int(pp_session_size())
                area.storeBytes(of: Bool.random(using: &generator) ? 8 : UInt32.max, toByteOffset: 8, as: UInt32.self)
                // A pp_heap_area has 128 bytes, a pp_heap_table 32: their headers assert it.
                let sites = Int(pp_session_size()) + 128 + 32 * Int(PP_HEAP_TABLES)
                for index in 0..<8 {
                    let table = area + 128 + 32 * index
                    let isOdd = Int.random(in: 0..<4, using: &generator) == 0
                    let offset = UInt64((sites + 4095) & ~4095) + UInt64(index) * 4096
                    table.storeBytes(of: UInt32(index % 2), as: UInt32.self)
                    table.storeBytes(of: UInt32.random(in: 0...3, using: &generator), toByteOffset: 4, as: UInt32.self)
                    table.storeBytes(
                        of: isOdd ? UInt32(truncatingIfNeeded: number()) : 32, toByteOffset: 8, as: UInt32.self)
                    table.storeBytes(of: Bool.random(using: &generator) ? 64 : 128, toByteOffset: 12, as: UInt32.self)
                    table.storeBytes(of: isOdd ? number() : offset, toByteOffset: 16, as: UInt64.self)
                    for word in 0..<512 {
                        let at = base + Int(offset) + word * 8
                        at.storeBytes(of: word % 8 == 0 ? heapKey() : number(), as: UInt64.self)
                    }
                }
            }

            /// A stack that is none, one of the few, or anything; of any kind.
            private func heapKey() -> UInt64 {
                let stack = UInt64.random(in: 0...4, using: &generator)
                return [UInt64(PP_HEAP_STACK_EARLY) + stack, stack * 8, number()].randomElement(using: &generator) ?? 0
            }

            func round() throws {
                scribble()
                try session.followAnnouncements(force: true, wake: {}, parentRow: { Int64($0) < 0 ? 1 : nil })
                scribble()
                try session.drainAll()
                forgeCopy()
                try session.drainAll()
                session.redrawPeriods()
                session.refreshBusyThreads()
                try session.refreshThreads()
                forgeHeap()
                try session.followHeap(session.heap.nextNs)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    for process in session.processes.values where process.slot != 0 || Bool.random(using: &generator) {
                        _ = try session.end(process, cpu: number())
                    }
                }
                _ = session.isOver(now: potter_monotonic_ns())
            }
        }

        @Test(arguments: ["perf", "timer"]) func scribbling(engine: String) throws {
            let choice = try #require(EngineChoice(rawValue: engine))
            if choice == .perf, PerfClock.refusal() != nil { return }
            let victim = RecordProcess(plain: ["sleep", "60"])
            let end = Date(timeIntervalSinceNow: 4)
            var (rounds, sessions) = (0, 0)
            var reached: Set<String> = []
            while Date() < end {
                let seed = UInt64.random(in: 0...UInt64.max)
                print("fuzz: engine \(engine), seed \(seed)")
                let attack = try Attack(
                    seed: seed, engine: choice, pid: victim.pid, path: victim.scratch + "/r\(sessions)")
                for _ in 0..<25 where Date() < end {
                    try attack.round()
                    rounds += 1
                }
                try attack.session.finish(parentRow: { _ in nil })
                var totals = CollectorTotals()
                totals.add(attack.session)
                totals.add(attack.session)
                _ = totals.lost
                reached.formUnion(attack.reached)
                try attack.writer.finish()
                sessions += 1
            }
            print("fuzz: engine \(engine), \(rounds) rounds in \(sessions) sessions")
            #expect(rounds > 50 && victim.isRunning)
            #expect(
                reached == ["processes", "threads", "modules", "samples", "bad records", "copies", "foreign", "heap"],
                "\(reached)")
            kill(victim.pid, SIGKILL)
            _ = victim.wait()
            #expect(
                RecordProcess(plain: [RobustBench.potter, "report", "-i", victim.scratch + "/r0"]).wait().status == 0)
            for recording in 0..<sessions {
                let heap = RecordProcess(plain: [RobustBench.potter, "heap", "-i", "\(victim.scratch)/r\(recording)"])
                    .wait()
                #expect(heap.status == 0 || heap.errors.contains("it was not recorded"), "\(heap)")
            }
        }
    }
}
