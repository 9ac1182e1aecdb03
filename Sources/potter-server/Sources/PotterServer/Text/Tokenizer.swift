/// Counts and encodes text the way a language model reads it: byte-pair encoding.
///
/// The ranks are learned once from the built-in lexicon, with the usual algorithm on a small scale:
/// the most frequent pair of neighbours becomes a token of its own, again and again.
struct Tokenizer: Sendable {
    private struct Pair: Hashable {
        var left: Int32
        var right: Int32
    }

    /// The token that a pair becomes. Tokens are numbered in the order they were learned, so that
    /// the lower number is also the merge to do first.
    private var merges: [Pair: Int32] = [:]

    init(learningFrom words: [String], vocabularySize: Int = 640) {
        var corpus = words.map(Self.bytes)
        for token in Int32(256)..<Int32(vocabularySize) {
            guard let pair = Self.mostFrequentPair(in: corpus) else { break }
            merges[pair] = token
            for index in corpus.indices {
                Self.merge(pair, into: token, in: &corpus[index])
            }
        }
    }

    /// The tokens of a text; a space belongs to the word behind it.
    func encode(_ text: String) -> [Int32] {
        var tokens: [Int32] = []
        for word in text.split(separator: " ") {
            tokens.append(contentsOf: encode(word: word))
        }
        return tokens
    }

    private func encode(word: Substring) -> [Int32] {
        var tokens = Self.bytes(word)
        while let (pair, token) = firstMerge(in: tokens) {
            Self.merge(pair, into: token, in: &tokens)
        }
        return tokens
    }

    private func firstMerge(in tokens: [Int32]) -> (Pair, Int32)? {
        var best: (Pair, Int32)?
        for (left, right) in zip(tokens, tokens.dropFirst()) {
            let pair = Pair(left: left, right: right)
            if let token = merges[pair], token < best?.1 ?? .max {
                best = (pair, token)
            }
        }
        return best
    }

    private static func merge(_ pair: Pair, into token: Int32, in tokens: inout [Int32]) {
        var write = 0
        var read = 0
        while read < tokens.count {
            if read + 1 < tokens.count, tokens[read] == pair.left, tokens[read + 1] == pair.right {
                tokens[write] = token
                read += 2
            } else {
                tokens[write] = tokens[read]
                read += 1
            }
            write += 1
        }
        tokens.removeLast(tokens.count - write)
    }

    private static func mostFrequentPair(in corpus: [[Int32]]) -> Pair? {
        var counts: [Pair: Int] = [:]
        for tokens in corpus {
            for (left, right) in zip(tokens, tokens.dropFirst()) {
                counts[Pair(left: left, right: right), default: 0] += 1
            }
        }
        // The order of a dictionary changes from run to run, so equal counts are told apart by value.
        return counts.max { ($0.value, $1.key.left, $1.key.right) < ($1.value, $0.key.left, $0.key.right) }?.key
    }

    private static func bytes(_ word: some StringProtocol) -> [Int32] {
        [0x20] + word.utf8.map(Int32.init)
    }
}
