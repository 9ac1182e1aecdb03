// SPDX-License-Identifier: Apache-2.0
// The machine code of a module, for checks of calls: where functions are, what stubs lead to, what jumps out of one.

import Foundation

@testable import PotterSymbols

final class ModuleCode {
    /// Where a path of control may go on from some place, without a call.
    enum Way: Hashable {
        case code(UInt64)
        case symbol(String)  // through a stub
        case resolver  // the loader's, of a lazily bound stub
        case unknown  // through a pointer
    }

    let path: String
    private let bytes: [UInt8]
    private let segments: [CodeSegment]
    private let functions: FunctionRanges
    private let starts: [UInt64]
    private let decoder = InstructionDecoder()
    private lazy var slots = readSlots()
    /// Addresses of functions that other modules may name; nil for those that choose their code at run time.
    private(set) lazy var symbols = readSymbols()

    init?(path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let found = bytes.withUnsafeBytes { raw -> ([CodeSegment], [UInt64])? in
            let stored = ImageBytes(raw)
            return FrameImage(stored).map { ($0.code, FunctionAddresses.all($0.headers, stored)) }
        }
        guard let found else { return nil }
        (segments, starts) = found
        functions = try FunctionRanges(path: path)
    }

    /// The function that holds an address: by its FDE, else from one known beginning to the next.
    func function(at address: UInt64) -> Range<UInt64> {
        if let (start, end) = functions.start(containing: address) { return start..<end }
        let next = starts.partitioningIndex { $0 > address }
        let start = next > 0 ? starts[next - 1] : address
        let end = next < starts.count ? starts[next] : segmentEnd(address)
        return start..<max(end, address + 1)
    }

    private func segmentEnd(_ address: UInt64) -> UInt64 {
        segments.first { address >= $0.start && address < $0.end }?.end ?? address
    }

    func code(at address: UInt64, count: Int) -> ArraySlice<UInt8> {
        guard let segment = segments.first(where: { address >= $0.start && address < $0.end }) else { return [] }
        let offset = Int(segment.offset + (address - segment.start))
        return bytes[offset..<min(offset + min(count, Int(segment.end - address)), bytes.count)]
    }

    /// The call that ends at `address`, decoded from the beginning of its function. Nil: there is none. Its target: nil
    /// for a call through a pointer.
    func call(before address: UInt64) -> (target: UInt64?, found: Bool) {
        let function = function(at: address - 1)
        let body = code(at: function.lowerBound, count: Int(address - function.lowerBound))
        return body.withUnsafeBytes { raw in
            var offset = 0
            while let instruction = decoder.decode(raw, at: offset) {
                offset += instruction.length
                guard offset == raw.count, case .call(let distance) = instruction.effect else { continue }
                return (distance.map { address &+ UInt64(bitPattern: $0) }, true)
            }
            return (nil, false)
        }
    }

    /// Where control may go from `start`, other than by calls and returns, if it leaves the function.
    func ways(from start: UInt64) -> Set<Way> {
        if let way = stub(at: start) { return way }
        let function = function(at: start)
        let body = code(at: start, count: Int(function.upperBound - start))
        var ways: Set<Way> = []
        body.withUnsafeBytes { raw in
            var offset = 0
            var fallsThrough = false
            while let instruction = decoder.decode(raw, at: offset) {
                let at = start + UInt64(offset)
                offset += instruction.length
                fallsThrough = !instruction.effect.endsPath
                switch instruction.effect {
                case .branch(let distance, _):
                    let target = start + UInt64(offset) &+ UInt64(bitPattern: distance)
                    if !function.contains(target) { ways.insert(.code(target)) }
                case .jumpIndirect: ways.formUnion(stub(at: at) ?? [.unknown])
                default: break
                }
            }
            if fallsThrough { ways.insert(.code(function.upperBound)) }
        }
        return ways
    }

    /// jmp *slot(%rip), with what may stand before it. Lazily bound, it leads to the resolver at first.
    private func stub(at address: UInt64) -> Set<Way>? {
        var at = address
        var head = Array(code(at: at, count: 16))
        if head.starts(with: [0xf3, 0x0f, 0x1e, 0xfa]) { (at, head) = (at + 4, Array(head.dropFirst(4))) }
        if head.first == 0xf2 { (at, head) = (at + 1, Array(head.dropFirst())) }
        guard head.count >= 6, head[0] == 0xff, head[1] == 0x25 else { return nil }
        let distance = head[2..<6].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let slot = at + 6 &+ UInt64(bitPattern: Int64(Int32(bitPattern: distance)))
        return slots[slot].map { [.symbol($0), .resolver] } ?? [.unknown]
    }

    private func readSlots() -> [UInt64: String] {
        let text = (try? TestTools.run(["readelf", "-W", "-r", path]).output) ?? ""
        var slots: [UInt64: String] = [:]
        for line in text.split(separator: "\n") where line.contains("JUMP_SLO") || line.contains("GLOB_DAT") {
            let words = line.split(separator: " ")
            guard words.count >= 5, let slot = UInt64(words[0], radix: 16) else { continue }
            slots[slot] = String(words[4].prefix { $0 != "@" })
        }
        return slots
    }

    private func readSymbols() -> [String: UInt64?] {
        let text = (try? TestTools.run(["readelf", "-W", "--dyn-syms", path]).output) ?? ""
        var symbols: [String: UInt64?] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 8, words[6] != "UND", let address = UInt64(words[1], radix: 16) else { continue }
            guard words[3] == "FUNC" || words[3] == "IFUNC" else { continue }
            symbols.updateValue(words[3] == "FUNC" ? address : nil, forKey: String(words[7].prefix { $0 != "@" }))
        }
        return symbols
    }
}
