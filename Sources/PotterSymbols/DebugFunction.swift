// SPDX-License-Identifier: Apache-2.0
// One out-of-line function in DWARF, and the calls that were inlined into it.

import CElf

final class DebugFunction {
    struct Names {
        /// Mangled name.
        var linkage: String?
        /// Name in the source, without its scope.
        var plain: String?

        init(of die: inout Dwarf_Die) {
            linkage = Self.string(&die, DW_AT_linkage_name) ?? Self.string(&die, DW_AT_MIPS_linkage_name)
            plain = Self.string(&die, DW_AT_name)
        }

        /// Follows DW_AT_abstract_origin and DW_AT_specification.
        private static func string(_ die: inout Dwarf_Die, _ attribute: Int) -> String? {
            var value = Dwarf_Attribute()
            guard dwarf_attr_integrate(&die, UInt32(attribute), &value) != nil, let text = dwarf_formstring(&value),
                text[0] != 0
            else { return nil }
            return String(cString: text)
        }
    }

    /// A call that was inlined.
    struct Call {
        /// Of the function that was called.
        var names: Names
        /// Where it was called: index into the unit's file table, 1-based line.
        var file: Int?
        var line: Int?
        /// The call that this one lies in; -1 for the function itself.
        var parent: Int32
    }

    private var die: Dwarf_Die
    private(set) lazy var names = Names(of: &die)
    private var calls: [Call] = []
    private var callOfAddress = IntervalMap()
    private var isRead = false

    private let unit: SplitUnit?

    /// - Parameter unit: where the DIE comes from a package.
    init(die: Dwarf_Die, unit: SplitUnit?) {
        self.die = die
        self.unit = unit
    }

    /// The inlined calls that cover an address, innermost first.
    func calls(at address: UInt64) -> [Call] {
        readCalls()
        var chain: [Call] = []
        var next = callOfAddress.value(at: address) ?? -1
        while next >= 0 {
            let call = calls[Int(next)]
            chain.append(call)
            next = call.parent  // Parents come before their children, so this ends.
        }
        return chain
    }

    private func readCalls() {
        guard !isRead else { return }
        isRead = true
        var intervals: [IntervalMap.Interval] = []
        // The innermost call at each depth of the walk.
        var enclosing: [Int32] = [-1]
        DebugUnit.walk(&die) { child, depth in
            enclosing.removeSubrange(min(depth, enclosing.count)...)
            let parent = enclosing.last ?? -1
            switch Int(dwarf_tag(&child)) {
            case DW_TAG_inlined_subroutine:
                enclosing.append(Int32(truncatingIfNeeded: calls.count))
                DieRanges.forEach(of: &child, in: unit) {
                    intervals.append(.init(start: $0, end: $1, value: Int32(truncatingIfNeeded: calls.count)))
                }
                calls.append(Self.call(&child, parent: parent))
                return true
            case DW_TAG_lexical_block, DW_TAG_try_block, DW_TAG_catch_block, DW_TAG_with_stmt:
                enclosing.append(parent)
                return true
            default:
                enclosing.append(parent)
                return false
            }
        }
        callOfAddress = IntervalMap(intervals)
    }

    private static func call(_ die: inout Dwarf_Die, parent: Int32) -> Call {
        let line = number(&die, DW_AT_call_line).flatMap { $0 > 0 ? $0 : nil }
        return Call(names: Names(of: &die), file: number(&die, DW_AT_call_file), line: line, parent: parent)
    }

    private static func number(_ die: inout Dwarf_Die, _ attribute: Int) -> Int? {
        var value = Dwarf_Attribute()
        var word: Dwarf_Word = 0
        guard dwarf_attr(&die, UInt32(attribute), &value) != nil, dwarf_formudata(&value, &word) == 0 else {
            return nil
        }
        return Int(exactly: word)
    }
}
