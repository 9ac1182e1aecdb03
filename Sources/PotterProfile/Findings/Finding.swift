// SPDX-License-Identifier: Apache-2.0

/// A conclusion with its evidence: what analyses hand to people, to CI and to other programs.
public struct Finding: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A function that uses much of the CPU time itself.
        case cpuHotspot = "cpu.hotspot"
    }

    /// How sure it is.
    public enum Confidence: String, Sendable, CaseIterable {
        case proven, likely, suspected, inconclusive
    }

    /// Where it is.
    public struct Site: Sendable, Equatable {
        public var function: String
        /// The language's module, else the file name of the code.
        public var module: String
        /// Path of the source; empty if unknown.
        public var file: String
        /// 0 if unknown.
        public var line: UInt32
        /// The path with most time, from the innermost function to the outermost.
        public var stack: [String]

        public init(function: String, module: String, file: String, line: UInt32, stack: [String]) {
            self.function = function
            self.module = module
            self.file = file
            self.line = line
            self.stack = stack
        }
    }

    /// How large it is, and between which bounds that is at 95 % confidence.
    public struct Magnitude: Sendable, Equatable {
        public var value: Double
        public var low: Double
        public var high: Double
        /// Of all three: `percent of CPU time`.
        public var unit: String

        public init(value: Double, low: Double, high: Double, unit: String) {
            self.value = value
            self.low = low
            self.high = high
            self.unit = unit
        }
    }

    /// A fact that the conclusion rests on.
    public struct Evidence: Sendable, Equatable {
        /// What is counted: `total time`, `caller`, `line`.
        public var name: String
        /// Which of several: the caller, the line. Empty if there is one only.
        public var subject: String
        public var value: Double
        public var unit: String

        public init(name: String, subject: String = "", value: Double, unit: String) {
            self.name = name
            self.subject = subject
            self.value = value
            self.unit = unit
        }
    }

    public var kind: Kind
    public var confidence: Confidence
    /// One line for people.
    public var title: String
    public var site: Site
    public var magnitude: Magnitude
    public var evidence: [Evidence]
    /// The same in every build of the same source.
    public var fingerprint: Fingerprint

    public init(
        kind: Kind, confidence: Confidence, title: String, site: Site, magnitude: Magnitude, evidence: [Evidence],
        fingerprint: Fingerprint
    ) {
        self.kind = kind
        self.confidence = confidence
        self.title = title
        self.site = site
        self.magnitude = magnitude
        self.evidence = evidence
        self.fingerprint = fingerprint
    }
}
