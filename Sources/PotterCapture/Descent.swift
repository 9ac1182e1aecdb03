// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The first process of a recording, as the hello server needs it: known only after the server runs.
final class TargetIdentity: Sendable {
    private let pid = Mutex<Int32>(0)

    func set(_ value: Int32) { pid.withLock { $0 = value } }
    func isFirst(_ other: Int32) -> Bool {
        pid.withLock { $0 == other || $0 == 0 }
    }
}

enum Descent {
    /// Whether `pid` is a descendant of `ancestor`, by /proc; at most 64 generations.
    static func of(_ pid: Int32, from ancestor: Int32) -> Bool {
        var at = pid
        for _ in 0..<64 {
            if at == ancestor { return true }
            guard at > 1, let parent = ProcFiles.parent(of: at) else { return false }
            at = parent
        }
        return false
    }
}
