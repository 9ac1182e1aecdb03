/// Finds many terms in one pass over a text: the automaton of Aho and Corasick, over bytes.
///
/// States are rows of one flat table, `transitions[state * columnCount + column]`; state 0 is the
/// root. The failure links are folded into the table when it is built, so that the scan is one load
/// a byte. Letters are matched without regard to ASCII case.
struct TermMatcher: Sendable {
    /// What `redact(_:)` returns.
    struct Redaction: Sendable, Equatable {
        var text: String
        var count: Int
    }

    /// a-z, the ten digits as one, the space, and everything else. A term may match more than it says
    /// ("agent 1" also hides "agent 7"): for redaction that is the safe side, and the table is small.
    private static let columnCount = 29

    private var transitions = [Int32](repeating: 0, count: columnCount)
    /// For each state the length of the longest term that ends there, or 0.
    private var matchLengths = [0]

    init(terms: [String]) {
        for term in terms {
            insert(term)
        }
        foldFailureLinks()
    }

    /// Replaces each byte of each term found by an asterisk.
    func redact(_ text: String) -> Redaction {
        var bytes = Array(text.utf8)
        var state = 0
        var count = 0
        for position in bytes.indices {
            state = Int(transitions[state * Self.columnCount + Self.column(of: bytes[position])])
            let length = matchLengths[state]
            if length > 0 {
                for redacted in position + 1 - length...position {
                    bytes[redacted] = UInt8(ascii: "*")
                }
                count += 1
            }
        }
        return Redaction(text: count == 0 ? text : String(decoding: bytes, as: UTF8.self), count: count)
    }

    private mutating func insert(_ term: String) {
        var state = 0
        for byte in term.utf8 {
            let slot = state * Self.columnCount + Self.column(of: byte)
            if transitions[slot] == 0 {
                transitions[slot] = Int32(matchLengths.count)
                matchLengths.append(0)
                transitions.append(contentsOf: repeatElement(0, count: Self.columnCount))
            }
            state = Int(transitions[slot])
        }
        matchLengths[state] = term.utf8.count
    }

    /// Breadth first, so that a state's failure link is final before its children ask for it.
    private mutating func foldFailureLinks() {
        var failure = [Int](repeating: 0, count: matchLengths.count)
        var queue = transitions[..<Self.columnCount].map(Int.init).filter { $0 != 0 }
        var head = 0
        while head < queue.count {
            let state = queue[head]
            head += 1
            matchLengths[state] = max(matchLengths[state], matchLengths[failure[state]])
            for column in 0..<Self.columnCount {
                let fallback = transitions[failure[state] * Self.columnCount + column]
                let child = Int(transitions[state * Self.columnCount + column])
                if child == 0 {
                    transitions[state * Self.columnCount + column] = fallback
                } else {
                    failure[child] = Int(fallback)
                    queue.append(child)
                }
            }
        }
    }

    private static func column(of byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): 26
        case UInt8(ascii: " "): 27
        default: 28
        }
    }
}
