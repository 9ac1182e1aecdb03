// SPDX-License-Identifier: Apache-2.0
// What a program says that it planted, compared with what was found (Tests/Programs/heap/planting.swift).

import PotterHeap

struct Truth {
    struct Block {
        /// `planted`, `kept` or `suspected`.
        var what: String
        /// Of what was planted.
        var kind: String
        var type: String
        var address: UInt64
    }

    let blocks: [Block]

    init(_ lines: [String]) {
        blocks = lines.compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            guard let what = fields.first, ["planted", "kept", "suspected"].contains(what),
                let address = UInt64(fields[fields.count - 1], radix: 16)
            else { return nil }
            let isPlanted = what == "planted"
            return Block(
                what: what, kind: isPlanted ? fields[1] : "", type: fields[isPlanted ? 2 : 1], address: ~address)
        }
    }

    func planted(_ kind: String? = nil) -> [Block] {
        blocks.filter { $0.what == "planted" && (kind == nil || $0.kind == kind) }
    }

    /// What was planted and not found, or found as something else.
    func missed(by snapshot: MemorySnapshot) -> [String] {
        planted().compactMap { block in
            let found = snapshot.verdict(ofBlockAt: block.address)
            let kind = found.map { $0.kind.rawValue.split(separator: " ").joined(separator: "-") } ?? "reachable"
            let isRight = kind == block.kind || block.kind.hasPrefix("owned") && found?.kind == .ownedByLeak
            return isRight ? nil : "\(block.type), planted as \(block.kind): \(kind) \(found?.doubt?.description ?? "")"
        }
    }

    /// What was kept and is called a leak.
    func accused(by snapshot: MemorySnapshot) -> [String] {
        blocks.filter { $0.what == "kept" }.compactMap { block in
            snapshot.verdict(ofBlockAt: block.address).map { "\(block.type): \($0.kind.rawValue), \($0.confidence)" }
        }
    }
}
