// SPDX-License-Identifier: Apache-2.0
// What a task is doing (stdlib/public/Concurrency/TaskPrivate.h): the flags of its status lie 96 bytes from its address,
// behind the job (64), the resume context and a reserved word (16), and the exclusivity set (16).

enum TaskState: Equatable {
    case suspended, enqueued, running, complete

    private static let flagsOffset: UInt64 = 96
    private static let runningFlag: UInt32 = 0x800
    private static let enqueuedFlag: UInt32 = 0x1000
    private static let completeFlag: UInt32 = 0x2000

    init?(task: UInt64, memory: CachedMemory) {
        guard let flags = memory.load(UInt32.self, at: task &+ Self.flagsOffset) else { return nil }
        if flags & Self.completeFlag != 0 {
            self = .complete
        } else if flags & Self.runningFlag != 0 {
            self = .running
        } else {
            self = flags & Self.enqueuedFlag != 0 ? .enqueued : .suspended
        }
    }
}
