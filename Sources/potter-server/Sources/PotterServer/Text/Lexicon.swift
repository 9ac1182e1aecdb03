/// The words that documents and answers are made of, and a generator of sentences.
///
/// Everything generated is a function of a seed: two runs of the service hold the same documents and
/// give the same answers, so that two profiles of it can be compared.
struct Lexicon: Sendable {
    static let subjects = list(
        """
        scheduler allocator collector parser compiler linker loader resolver balancer proxy gateway broker queue
        worker consumer producer replica leader follower session connection socket listener router handler cache
        index cursor snapshot journal checkpoint transaction migration pipeline stream buffer codec tokenizer
        planner optimizer executor profiler sampler unwinder symbolizer recorder dashboard exporter monitor
        watchdog supervisor controller operator container cluster region partition shard bucket ledger archive
        """, separator: " ")
    static let verbs = list(
        """
        retries drains flushes rebalances compacts evicts promotes throttles batches merges splits rewrites
        validates serializes compresses decodes resumes suspends cancels schedules observes records replays
        rotates truncates verifies publishes acknowledges rejects escalates recovers restarts allocates releases
        """, separator: " ")
    static let objects = list(
        """
        requests responses headers payloads messages events metrics samples frames stacks symbols mappings pages
        blocks segments records rows columns keys values tokens prompts answers documents sentences plugins
        settings overrides deadlines timeouts backlogs counters histograms percentiles threads tasks actors
        """, separator: " ")
    static let circumstances = list(
        """
        under sustained load
        during a rolling restart
        after the second attempt
        before the deadline expires
        with bounded memory
        without blocking the caller
        across all regions
        when the upstream is slow
        on the next heartbeat
        behind a feature flag
        at the end of the window
        inside one critical section
        """, separator: "\n")

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A number below `limit` (SplitMix64).
    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
    }

    mutating func pick(_ words: [String]) -> String {
        words[next(below: words.count)]
    }

    /// "The allocator of node4711 compacts segments under sustained load, see T48213."
    mutating func sentence() -> String {
        let subject = pick(Self.subjects)
        let place = "\(pick(Self.subjects))\(next(below: 10_000))"
        let (verb, object) = (pick(Self.verbs), pick(Self.objects))
        let circumstance = pick(Self.circumstances)
        return "The \(subject) of \(place) \(verb) \(object) \(circumstance), see T\(next(below: 100_000))."
    }

    /// A seed that depends on a text only: FNV-1a.
    static func seed(for text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private static func list(_ text: String, separator: Character) -> [String] {
        text.split { $0 == separator || $0 == "\n" }.map(String.init)
    }
}
