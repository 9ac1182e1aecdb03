// SPDX-License-Identifier: Apache-2.0
// One compilation unit: its functions by address, its lines, and the inlined calls of the functions asked about.
//
// DIE trees are untrusted: a walk must go forward in the file, which ends it, and depth is bounded.

import CElf

final class DebugUnit {
    /// Deepest nesting of DIEs that is walked; more is damage.
    private static let maximumDepth = 256

    private var die: Dwarf_Die
    private var lineDie: Dwarf_Die
    private var functions: [DebugFunction] = []
    private var functionOfAddress = IntervalMap()
    private var isRead = false
    /// Finds the unit's functions in a package, when they are asked for.
    var split: (() -> SplitUnit?)?
    private var splitUnit: SplitUnit?
    private var files: OpaquePointer?
    private lazy var directory = readDirectory()
    private var pathOfFile: [Int: String] = [:]
    private var pathOfPointer: [UnsafePointer<CChar>: String] = [:]

    /// - Parameter lines: the unit DIE that the line table belongs to; another one than `die` in split DWARF.
    init(die: Dwarf_Die, lines: Dwarf_Die) {
        self.die = die
        lineDie = lines
    }

    func hasFunction(at address: UInt64) -> Bool {
        readFunctions()
        return functionOfAddress.value(at: address) != nil
    }

    /// Innermost first. O(log n) once the unit and the function were read.
    func frames(at address: UInt64) -> [DebugInfo.Frame] {
        readFunctions()
        let start = location(of: address)
        var (file, line) = (start.file, start.line)
        guard let index = functionOfAddress.value(at: address) else {
            return file == nil ? [] : [DebugInfo.Frame(file: file, line: line, isInlined: false)]
        }
        let function = functions[Int(index)]
        var frames: [DebugInfo.Frame] = []
        for call in function.calls(at: address) {
            frames.append(
                DebugInfo.Frame(
                    linkageName: call.names.linkage, name: call.names.plain, file: file, line: line, isInlined: true))
            file = call.file.flatMap(path(ofFile:))
            line = file == nil ? nil : call.line
        }
        let names = function.names
        frames.append(
            DebugInfo.Frame(linkageName: names.linkage, name: names.plain, file: file, line: line, isInlined: false))
        return frames
    }

    // MARK: Functions

    private func readFunctions() {
        guard !isRead else { return }
        isRead = true
        if let found = split?() {
            splitUnit = found
            die = found.die
        }
        split = nil
        var intervals: [IntervalMap.Interval] = []
        Self.walk(&die) { child, _ in
            let tag = Int(dwarf_tag(&child))
            guard tag == DW_TAG_subprogram else { return Self.mayHoldFunctions(tag) }
            guard DieRanges.isPresent(in: &child) else { return true }
            let index = Int32(functions.count)
            var isConcrete = false
            DieRanges.forEach(of: &child, in: splitUnit) { start, end in
                isConcrete = true
                intervals.append(.init(start: start, end: end, value: index))
            }
            if isConcrete { functions.append(DebugFunction(die: child, unit: splitUnit)) }
            return true
        }
        functionOfAddress = IntervalMap(intervals)
    }

    private static func mayHoldFunctions(_ tag: Int) -> Bool {
        switch tag {
        case DW_TAG_enumeration_type, DW_TAG_array_type, DW_TAG_subroutine_type, DW_TAG_inlined_subroutine,
            DW_TAG_call_site, DW_TAG_GNU_call_site, DW_TAG_variant_part:
            false
        default: true
        }
    }

    /// Visits all DIEs below `root`, parents first; `visit` says whether to go on into the children.
    ///
    /// Parents first is also the order of the file. A DIE that lies before one already visited is damage (a sibling
    /// reference into a neighbour's children): its list ends there, or the walk could take exponential time.
    static func walk(_ root: inout Dwarf_Die, _ visit: (inout Dwarf_Die, _ depth: Int) -> Bool) {
        var next = Dwarf_Die()
        guard dwarf_child(&root, &next) == 0, isBehind(next.addr, root.addr) else { return }
        var path = [next]
        var last = next.addr
        while var die = path.last {
            last = die.addr
            let mayDescend = visit(&die, path.count) && path.count < maximumDepth && dwarf_haschildren(&die) != 0
            if mayDescend, dwarf_child(&die, &next) == 0, isBehind(next.addr, last) {
                path.append(next)
                continue
            }
            while var done = path.popLast() {
                if dwarf_siblingof(&done, &next) == 0, isBehind(next.addr, last) {
                    path.append(next)
                    break
                }
            }
        }
    }

    private static func isBehind(_ address: UnsafeMutableRawPointer?, _ last: UnsafeMutableRawPointer?) -> Bool {
        guard let address, let last else { return false }
        return address > last
    }

    // MARK: Lines

    private func location(of address: UInt64) -> (file: String?, line: Int?) {
        guard let row = dwarf_getsrc_die(&lineDie, address) else { return (nil, nil) }
        var line: Int32 = 0
        let hasLine = dwarf_lineno(row, &line) == 0 && line > 0
        guard let pointer = dwarf_linesrc(row, nil, nil) else { return (nil, hasLine ? Int(line) : nil) }
        let path = pathOfPointer[pointer] ?? absolute(String(cString: pointer))
        pathOfPointer[pointer] = path
        return Self.isSource(path) ? (path, hasLine ? Int(line) : nil) : (nil, nil)
    }

    /// Swift names a file for code that no source line stands for.
    private static func isSource(_ path: String) -> Bool { !path.hasSuffix("<compiler-generated>") }

    private func path(ofFile index: Int) -> String? {
        if let path = pathOfFile[index] { return path }
        var count = 0
        // A unit in a package may have no files of its own: they are those of its skeleton then.
        if files == nil, dwarf_getsrcfiles(&die, &files, &count) != 0,
            splitUnit == nil || dwarf_getsrcfiles(&lineDie, &files, &count) != 0
        {
            return nil
        }
        guard let files, index >= 0, let pointer = dwarf_filesrc(files, index, nil, nil) else { return nil }
        let path = absolute(String(cString: pointer))
        guard Self.isSource(path) else { return nil }
        pathOfFile[index] = path
        return path
    }

    /// libdw leaves the relative directories of DWARF 5 line tables (rustc's) as they are. A compilation directory
    /// may itself be relative (reproducible builds); only the files directly in it come joined.
    private func absolute(_ path: String) -> String {
        let isJoined = path.hasPrefix("/") || directory.isEmpty || path.hasPrefix("\(directory)/")
        return isJoined ? path : "\(directory)/\(path)"
    }

    private func readDirectory() -> String {
        var value = Dwarf_Attribute()
        guard dwarf_attr(&lineDie, UInt32(DW_AT_comp_dir), &value) != nil, let text = dwarf_formstring(&value) else {
            return ""
        }
        return String(cString: text)
    }
}
