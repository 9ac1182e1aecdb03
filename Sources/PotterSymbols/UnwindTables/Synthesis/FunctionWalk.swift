// SPDX-License-Identifier: Apache-2.0

/// A point on a path through a function, and what was done to stack and registers on the way.
struct CodePath {
    var position: Int
    var height: StackHeight
    var registers = TableRegisters()
    /// Where the call ends that comes right before, but for padding.
    var callBefore: Int?
    var isOver = false
}

/// One walk over all paths of a function.
struct FunctionWalk {
    static let mostTrials = 8
    static let mostCases = 4096

    /// Ends of calls that do not return.
    var silent: Set<Int> = []
    var foundSilentCall = false
    /// A path led to known code, with another height of the stack than is known there; or it used a frame that is not
    /// its own.
    var contradicts = false
    var paths: [CodePath] = []
    /// Jumps through tables that were not followed yet.
    var jumps: [(JumpTable, CodePath)] = []
    var visited: [(offset: Int, length: Int)] = []
    /// Instructions right after a call, with the end of that call.
    var afterCall: [Int: Int] = [:]
    /// A jump whose targets are not known was met.
    var hasTable = false
    var atTable: StackHeight?
    private var inTheMiddle: StackHeight?

    init(silent: Set<Int> = []) {
        self.silent = silent
    }

    /// Those whose number of targets is known come first.
    mutating func nextJump() -> (JumpTable, CodePath)? {
        if let bounded = jumps.lastIndex(where: { $0.0.count != nil }) { return jumps.remove(at: bounded) }
        return jumps.popLast()
    }

    /// The state of what could not be reached: the one at a jump through a table, or else the one in the middle of the
    /// function, at its calls.
    var body: StackHeight? {
        get { atTable ?? inTheMiddle }
        set { inTheMiddle = newValue }
    }
}
