// SPDX-License-Identifier: Apache-2.0
// `potter-prof heap --json`, as far as tests look at it.
import Foundation
import Testing

struct HeapDocument: Decodable {
    struct Counts: Decodable {
        var allocatedBytes, allocatedBlocks, freedBytes, freedBlocks, liveBytes, liveBlocks, temporaryBlocks: UInt64
        var samples: UInt64
        var allocatedBytesDeviation, liveBytesDeviation: Double
    }
    struct Row: Decodable {
        var function, file: String
        var line: Int
        var `self`, total: Counts
        var peakSelfBytes: UInt64
    }
    struct Point: Decodable {
        var timeNs, liveBytes, allocatedBytes: UInt64
    }

    var version: Int
    var mode: String
    var total: Counts
    var quality: [String: UInt64]
    var timeline: [Point]
    var functions: [Row]

    subscript(function: String) -> Row? { functions.first { $0.function == function } }

    static func of(_ run: RecordProcess, _ options: [String] = []) throws -> HeapDocument {
        let result = RecordProcess(
            plain: [RobustBench.potter, "heap", "-i", run.recording, "--json"] + options
        ).wait()
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(HeapDocument.self, from: Data(result.output.utf8))
    }
}
