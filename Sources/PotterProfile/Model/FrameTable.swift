// SPDX-License-Identifier: Apache-2.0

/// The functions at each location, innermost first; indexed by location id.
public struct FrameTable: Sendable {
    public struct Entry: Sendable, Equatable {
        /// Index into the profile's functions.
        public var function: UInt32
        /// The line of the address; 0 if unknown.
        public var line: UInt32
        public var inlined: Bool

        public init(function: UInt32, line: UInt32, inlined: Bool) {
            self.function = function
            self.line = line
            self.inlined = inlined
        }
    }

    public private(set) var entries: [Entry] = []
    private var ranges: [Range<Int>] = []

    public init() {}

    public mutating func reserve(locations: Int) {
        ranges.reserveCapacity(locations)
        entries.reserveCapacity(locations)
    }

    public mutating func set(_ new: some Sequence<Entry>, at location: UInt32) {
        let start = entries.count
        entries.append(contentsOf: new)
        while ranges.count <= location { ranges.append(0..<0) }
        ranges[Int(location)] = start..<entries.count
    }

    /// Appends to a location whose earlier entries were the last ones appended.
    public mutating func append(_ entry: Entry, at location: UInt32) {
        while ranges.count <= location { ranges.append(0..<0) }
        let range = ranges[Int(location)]
        precondition(range.isEmpty || range.upperBound == entries.count, "entries come in the order of locations")
        let start = range.isEmpty ? entries.count : range.lowerBound
        entries.append(entry)
        ranges[Int(location)] = start..<entries.count
    }

    /// Leaves the location without frames: it then appears in no stack.
    public mutating func remove(at location: UInt32) {
        if location < ranges.count { ranges[Int(location)] = 0..<0 }
    }

    /// Empty if the location has no name yet.
    public func range(at location: UInt32) -> Range<Int> {
        location < ranges.count ? ranges[Int(location)] : 0..<0
    }
}
