// SPDX-License-Identifier: Apache-2.0
// What part of a recording a report is about. Everything that shows a part goes this way:
//
//   recording ── profile(during:) ──▶ Profile ── Selection.part(of:) ──▶ Profile ──▶ every view
//                (time needs samples)              (weights left, `part` says of what)
//
// Weights are kept or left out whole; none is scaled.

/// What to keep of a profile; all that is given must hold.
public struct Selection: Sendable {
    /// Any of these processes, by pid or by the file name of the executable; empty: all.
    public var processes: [TaskName] = []
    /// Any of these threads, by tid or by name; empty: all.
    public var threads: [TaskName] = []
    /// Stacks with a function that matches.
    public var focus: NamePattern?
    /// No stack with a function that matches.
    public var ignore: NamePattern?
    /// Samples taken in this part of the run.
    public var time: TimeRange?

    public init() {}

    public var isEmpty: Bool {
        processes.isEmpty && threads.isEmpty && focus == nil && ignore == nil && time == nil
    }

    /// What was selected, in words, one for each condition.
    public var descriptions: [String] {
        var words: [String] = []
        if !processes.isEmpty { words.append("process " + processes.map(\.text).joined(separator: ", ")) }
        if !threads.isEmpty { words.append("thread " + threads.map(\.text).joined(separator: ", ")) }
        if let time { words.append("time \(time)") }
        if let focus { words.append("stacks through '\(focus)'") }
        if let ignore { words.append("no stack through '\(ignore)'") }
        return words
    }

    /// Time that no stack is known of belongs to its thread or process alone: it cannot be told when it was used, or by
    /// which function.
    func keepsStackless(_ kind: WeightKind) -> Bool {
        kind.hasStack || (focus == nil && time == nil)
    }
}

extension WeightKind {
    /// Whether weights of this kind stand with the stack that they were spent in.
    public var hasStack: Bool {
        switch self {
        case .user, .kernel, .fault: true
        case .unattributed, .startup, .arming, .exit, .otherKernel: false
        }
    }
}
