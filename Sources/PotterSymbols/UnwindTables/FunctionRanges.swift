// SPDX-License-Identifier: Apache-2.0
// Where functions start and end according to call frame information. The symbolizer asks where no symbol covers an
// address: stripped files still have this.

public struct FunctionRanges: Sendable {
    private var starts: [UInt64] = []  // ascending
    private var ends: [UInt64] = []

    /// Empty if the file is no ELF file for this architecture.
    public init(path: String) throws {
        try self.init(path: path, for: .native)
    }

    init(path: String, for architecture: FrameArchitecture) throws {
        let found = try UnwindTableBuilder.withImage(path) {
            FrameImage($0, for: architecture)?.sections.flatMap(Self.ranges) ?? []
        }
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) where starts.last != range.lowerBound {
            starts.append(range.lowerBound)
            ends.append(range.upperBound)
        }
    }

    public var count: Int { starts.count }
    var all: [Range<UInt64>] { zip(starts, ends).map { $0..<$1 } }

    /// The function that holds the file-relative address.
    public func start(containing address: UInt64) -> (UInt64, UInt64)? {
        let next = starts.partitioningIndex { $0 > address }
        guard next > 0, ends[next - 1] > address else { return nil }
        return (starts[next - 1], ends[next - 1])
    }

    /// Addresses of a range that lie in functions.
    func count(in range: Range<UInt64>) -> UInt64 {
        var (sum, at): (UInt64, UInt64) = (0, range.lowerBound)
        while at < range.upperBound {
            if let (_, end) = start(containing: at) {
                sum += min(end, range.upperBound) - at
                at = end
            } else {
                let next = starts.partitioningIndex { $0 > at }
                at = next < starts.count ? starts[next] : range.upperBound
            }
        }
        return sum
    }

    private static func ranges(_ section: FrameSection) -> [Range<UInt64>] {
        section.bytes.withUnsafeBytes { bytes in
            var entries = FrameEntries(section, bytes)
            var result: [Range<UInt64>] = []
            while let entry = entries.next() { result.append(entry.start..<entry.end) }
            return result
        }
    }
}
