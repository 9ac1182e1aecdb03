// SPDX-License-Identifier: Apache-2.0

/// One thing that `potter-prof doctor` looked at.
public struct DoctorCheck: Sendable {
    public enum Status: String, Sendable, Comparable {
        case ok, warning, problem

        private var rank: Int { self == .ok ? 0 : self == .warning ? 1 : 2 }
        public static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }
    }

    /// For programs: `perf.clock`. Never changes its meaning.
    public let id: String
    /// For people: `perf clocks`.
    public let subject: String
    public let status: Status
    /// What was found and what it means.
    public let message: String
    /// What to do about it.
    public let advice: String?
    /// The command that does it, where there is one.
    public let command: String?

    init(
        _ id: String, _ subject: String, _ status: Status, _ message: String, do advice: String? = nil,
        run command: String? = nil
    ) {
        self.id = id
        self.subject = subject
        self.status = status
        self.message = message
        self.advice = advice
        self.command = command
    }
}

/// What `potter-prof doctor` found out.
public struct Diagnosis: Sendable {
    public enum Verdict: String, Sendable { case ok, limited, unusable }

    /// Of this machine, user and installation.
    public internal(set) var checks: [DoctorCheck] = []
    /// Of the program or command that was named.
    public internal(set) var program: ProgramDiagnosis?
    /// What `record` would use; nil if it does not work.
    public internal(set) var engine: EngineChoice?
    /// Why that one, in the words of a report's quality line.
    public internal(set) var engineReason = ""

    public var verdict: Verdict {
        switch (checks + (program?.checks ?? [])).map(\.status).max() ?? .ok {
        case .ok: .ok
        case .warning: .limited
        case .problem: .unusable
        }
    }

    /// The status of the command, for scripts; 2 is a command line that makes no sense.
    public var exitStatus: Int32 {
        switch verdict {
        case .ok: 0
        case .limited: 1
        case .unusable: 3
        }
    }
}

/// What `potter-prof doctor` found out of a program.
public struct ProgramDiagnosis: Sendable {
    public enum Kind: String, Sendable {
        case dynamic, script
        case sharedLibrary = "shared library"
        case staticallyLinked = "static"
        case setuid, capabilities
        case foreignLoader = "foreign loader"
        case wordSize = "32 bit"
        case machine = "other machine"
        case notExecutable = "not executable"
        case notAProgram = "not a program"
        case unreadable, missing
    }

    /// What was named, as it was found.
    public internal(set) var path: String
    public internal(set) var kind: Kind
    /// Of a script: what runs it, in order; the last is the program whose code is looked at.
    public internal(set) var interpreters: [String] = []
    public internal(set) var checks: [DoctorCheck] = []
    public internal(set) var facts: ProgramFacts?
}
