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
        let given = """
            ada adele alan barbara brian dana dennis donald edsger frances frederick grace gordon jean joan john
            karen kathleen ken leslie lois margaret mary niklaus peter radia robin shafi sophie tony
            """
        let family = """
            allen backus bartik booth brooks clarke dijkstra easley goldberg goldwasser hamilton hoare hopper
            jennings keller kernighan knuth lamport liskov lovelace mcnulty milner moore naur perlman ritchie
            thompson turing wilkes wirth
            """
        return given.split(whereSeparator: \.isWhitespace).flatMap { name in
            family.split(whereSeparator: \.isWhitespace).map { "\(name) \($0)" }
        }
    }()
}
