import Testing

@testable import PotterServer

struct TextTests {
    let text = TextProcessor()

    @Test func normalizes() {
        #expect(text.normalize("  \u{201C}slow\u{201D}\n\t queue\u{7} \u{2014} why ") == "\"slow\" queue - why")
    }

    @Test func splitsWordsAndSentences() {
        #expect(text.words(in: "The Queue, node42: stra\u{DF}e!") == ["the", "queue", "node42", "stra\u{DF}e"])
        #expect(text.sentences(in: "One. Two?\n## Three\n...") == ["One.", "Two?", "## Three\n", "..."])
        #expect(text.sentences(in: "").isEmpty)
    }

    @Test func stems() {
        #expect(text.stem("crashes") == text.stem("crashed"))
        #expect(text.stem("as") == "as")
    }

    /// A planted defect must change the speed, never the result.
    @Test(arguments: 0..<8) func hotLoopGivesTheSameResult(seed: UInt64) {
        var lexicon = Lexicon(seed: seed)
        let words = text.words(in: (0..<30).map { _ in lexicon.sentence() }.joined(separator: " "))
        #expect(text.removeDuplicateWords(words) == text.uniqueWords(words))
        #expect(TextProcessor(faults: [.hotLoop]).keywords(of: words, limit: 9) == text.keywords(of: words, limit: 9))
    }

    @Test func redactsOverlappingTerms() {
        let matcher = TermMatcher(terms: ["he", "she", "hers"])
        #expect(matcher.redact("Ushers").text == "U*****")
        #expect(matcher.redact("nobody") == .init(text: "nobody", count: 0))
    }

    @Test func lockGivesTheSameResult() {
        let matcher = TermMatcher(terms: RedactPlugin.builtInTerms)
        let shared = SharedRedactor(terms: RedactPlugin.builtInTerms)
        let line = "Ask Ada Lovelace, or grace hopper."
        #expect(shared.redact(line) == matcher.redact(line))
        #expect(matcher.redact(line).text == "Ask ************, or ************.")
    }

    @Test func encodesEachByteOnce() {
        let tokenizer = Tokenizer(learningFrom: Lexicon.subjects)
        #expect(tokenizer.encode("scheduler").count < "scheduler".count)
        #expect(tokenizer.encode("\u{E9}").count == 3)
        #expect(tokenizer.encode("").isEmpty)
    }

    @Test func rendersMarkdown() {
        let html = MarkdownRenderer().html(from: "## A & B\n- one **two**\n- `x<y`\nplain **open")
        #expect(
            html == """
                <h2>A &amp; B</h2>
                <ul>
                <li>one <strong>two</strong></li>
                <li><code>x&lt;y</code></li>
                </ul>
                <p>plain **open</p>

                """)
    }
}
