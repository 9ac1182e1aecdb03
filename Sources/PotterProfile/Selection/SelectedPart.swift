// SPDX-License-Identifier: Apache-2.0

/// What a profile that was selected from a recording is a part of.
public struct SelectedPart: Sendable {
    /// The conditions, in words.
    public var descriptions: [String]
    /// All of the run, with all of its threads and processes.
    public var recording: RunSummary
    /// CPU time that meets every condition but that it has no stack, by kind. It is left out.
    public var leftOut: KindTotals

    public init(descriptions: [String], recording: RunSummary, leftOut: KindTotals) {
        self.descriptions = descriptions
        self.recording = recording
        self.leftOut = leftOut
    }
}
