// SPDX-License-Identifier: Apache-2.0
import PotterProfile

/// A row of `process`, kept until the recording ends because it changes.
struct ProcessRow {
    var parent: Int64?
    var pid: Int32
    var executable: String
    var command: String
    var startNs: UInt64
    var endNs: UInt64?
    var cpuNs: UInt64?
    var startupCpuNs: UInt64?
    var note: String?
}

/// A row of `thread`, kept until the recording ends because it changes.
struct ThreadRow {
    var process: Int64
    var tid: Int32
    var name: String
    var startNs: UInt64
    var endNs: UInt64?
    var cpuNs: UInt64?
    var armingNs: UInt64
    var userTicks: UInt64 = 0
    var kernelNs: UInt64 = 0
    var engine: Engine
    var unsampledReason: String?
}

/// A row of `module`.
struct ModuleRow: Hashable {
    var path: String
    var buildID: String
    var inode: UInt64
    var note: String?
}

/// A row of `mapping`.
struct MappingRow {
    var process: Int64
    var module: Int64
    var start: UInt64
    var end: UInt64
    var bias: UInt64
    var fromNs: UInt64
    var toNs: UInt64?
}

/// A row of `sample`.
struct SampleRow {
    var timeNs: UInt64
    var weightNs: UInt64
    var thread: UInt32
    var stack: UInt32
    var count: UInt32
    var kind: SampleKind
}

/// A row of `function`.
struct FunctionRow {
    var name: String
    var systemName: String
    var module: String
    var binary: Int64
    var file: String
    var line: UInt32
    var language: String

    var identity: FunctionIdentity {
        FunctionIdentity(name: name, module: module, binary: binary, line: line, language: language)
    }

    /// Some addresses of a function have no line information, and then no file.
    func mayBeSameFile(as other: FunctionRow) -> Bool {
        file == other.file || file.isEmpty || other.file.isEmpty
    }
}

/// What makes a function one, with its file. Not the system name: specializations, thunks and async funclets of a function
/// are what people count as that function.
struct FunctionIdentity: Hashable {
    var name: String
    var module: String
    var binary: Int64
    var line: UInt32
    var language: String
}
