/// Hides the names of people before a text leaves the process, and in what comes back.
struct RedactPlugin: Plugin {
    let name = "redact"

    private let matcher: TermMatcher
    private let sharedRedactor: SharedRedactor?

    init(terms: [String] = RedactPlugin.builtInTerms, faults: Set<Fault> = []) {
        matcher = TermMatcher(terms: terms)
        sharedRedactor = faults.contains(.lock) ? SharedRedactor(terms: terms) : nil
    }

    func run(on document: inout PluginDocument) {
        var count = 0
        for index in document.passages.indices {
            document.passages[index] = redact(document.passages[index], count: &count)
        }
        document.text = redact(document.text, count: &count)
        document.facts["redactions", default: 0] += count
    }

    private func redact(_ text: String, count: inout Int) -> String {
        let redaction = sharedRedactor?.redact(text) ?? matcher.redact(text)
        count += redaction.count
        return redaction.text
    }

    /// Each given name with each family name.
    static let builtInTerms: [String] = {
        let given = "ada alan barbara dennis donald edsger frances grace john ken leslie margaret niklaus robin tony"
        let family = "allen backus dijkstra hamilton hoare hopper knuth lamport liskov lovelace milner ritchie turing"
        return given.split(separator: " ").flatMap { name in
            family.split(separator: " ").map { "\(name) \($0)" }
        }
    }()
}
