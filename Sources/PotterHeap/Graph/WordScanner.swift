// SPDX-License-Identifier: Apache-2.0
// The innermost loop: which of these words are addresses of blocks? A word is taken as an address with the bits above
// the addresses removed that Swift's enums keep tags in; inner pointers count, so tag bits below do no harm.

struct WordScanner {
    let index: BlockIndex
    /// Bits of a word that may be an address.
    private let addressMask: UInt64
    /// Bits of a word that are part of an object's address.
    private let objectMask: UInt64

    init(index: BlockIndex, runtime: SwiftRuntime) {
        self.index = index
        addressMask = runtime.untagged(.max)
        objectMask = ~runtime.spareBits
    }

    /// Block that a word refers to, -1 if none.
    @inline(__always)
    func target(of word: UInt64) -> Int { index.block(holding: word & addressMask) }

    /// Whether the word, its tag aside, is the address of the block's first byte.
    @inline(__always)
    func isDirect(_ word: UInt64, to block: Int) -> Bool { word & objectMask == index.address(of: block) }

    /// Calls `found` with the position and the value of each word that refers to a block, and with the block.
    @inline(__always)
    func scan(_ words: UnsafeBufferPointer<UInt64>, _ found: (Int, UInt64, Int) -> Void) {
        for position in 0..<words.count {
            let word = words[position]
            let block = target(of: word)
            if block >= 0 { found(position, word, block) }
        }
    }
}
