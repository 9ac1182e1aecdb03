extension TextProcessor {
    /// The planted `hot-loop`: compares each word with all words before it.
    ///
    /// Looks innocent in review (short inputs in the tests, nothing allocated in the loop) and returns
    /// exactly what `uniqueWords(_:)` returns, in quadratic time.
    @inline(never)
    func removeDuplicateWords(_ words: [String]) -> [String] {
        let spellings = words.map { Array($0.utf8) }
        var kept: [String] = []
        for candidate in spellings.indices {
            var isDuplicate = false
            for earlier in 0..<candidate {
                let length = min(spellings[earlier].count, spellings[candidate].count)
                var position = 0
                while position < length, spellings[earlier][position] == spellings[candidate][position] {
                    position += 1
                }
                if position == max(spellings[earlier].count, spellings[candidate].count) {
                    isDuplicate = true
                }
            }
            if !isDuplicate {
                kept.append(words[candidate])
            }
        }
        return kept
    }
}
