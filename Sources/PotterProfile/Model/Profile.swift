// SPDX-License-Identifier: Apache-2.0

/// A run with its stacks. Plain data: a recording or a test fills it, analyses read it.
///
///     weight ──▶ stack ──▶ location ──▶ frames (function, line), innermost first
///                  └─ parent: the caller's stack
///
/// A location without frames is left out of every stack: that is how the recorder's own frames disappear.
public struct Profile: Sendable {
    /// Of the run; of its selected part if there is a `part`.
    public var summary: RunSummary
    /// What the profile is a part of; nil if it is all of the recording.
    public var part: SelectedPart?
    /// Index 0 is the root of all stacks.
    public var functions: [Function]
    public var frames: FrameTable
    public var stacks: StackTable
    public var weights: [Weight]

    public init(
        summary: RunSummary, functions: [Function], frames: FrameTable, stacks: StackTable, weights: [Weight]
    ) {
        self.summary = summary
        self.functions = functions
        self.frames = frames
        self.stacks = stacks
        self.weights = weights
        self.weights.setVariancesOfRests()
    }

    /// File names of the modules that the recorder consists of.
    public static func isRecorder(modulePath: String) -> Bool {
        ["libPotterPreload.so", "libPotterHeap.so", "libPotterUnwind.so"].contains(
            Function.fileName(of: modulePath))
    }
}
