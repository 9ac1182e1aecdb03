// SPDX-License-Identifier: Apache-2.0

/// How complete a stack is; the bits are those of the session memory (`PP_STACK_*`) and of the recording.
public struct StackFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Frames are missing in the middle; how many stands with the stack.
    public static let cut = StackFlags(rawValue: 1)
    /// The root was not reached.
    public static let incomplete = StackFlags(rawValue: 2)
    /// Frame pointers had to be used at least once.
    public static let fallback = StackFlags(rawValue: 4)
    /// The module map changed during the walk.
    public static let raced = StackFlags(rawValue: 8)
}
