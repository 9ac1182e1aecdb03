// SPDX-License-Identifier: Apache-2.0
// Modules of a stopped process, and their names by nm.

import Foundation
import PotterHeap

final class FrozenSymbols {
    let modules: [HeapModule]
    private var symbols: [String: (addresses: [UInt64], names: [String])] = [:]
    private let bias: [String: UInt64]

    init(maps: [HeapMap], memory: ProcessFile) {
        var modules: [HeapModule] = []
        var bias: [String: UInt64] = [:]
        for (path, parts) in Dictionary(grouping: maps.filter { $0.name.hasPrefix("/") }, by: \.name) {
            let first = parts.map(\.range.lowerBound).min()!
            guard let (start, end) = Self.extent(at: first, memory) else { continue }
            bias[path] = first &- start
            modules.append(HeapModule(path: path, range: first..<(first &- start &+ end)))
        }
        self.modules = modules
        self.bias = bias
    }

    /// Readable name of the symbol at an address.
    func name(_ address: UInt64) -> String? {
        guard let module = modules.first(where: { $0.range.contains(address) }), let bias = bias[module.path] else {
            return nil
        }
        let table = table(of: module.path)
        let wanted = address - bias
        var first = 0
        var last = table.addresses.count
        while first < last {
            let middle = (first + last) / 2
            if table.addresses[middle] <= wanted { first = middle + 1 } else { last = middle }
        }
        return first == 0 ? nil : Self.readable(table.names[first - 1])
    }

    /// Address of an exported symbol.
    func address(_ name: String) -> UInt64? {
        for module in modules where module.path.contains("libswift") || module.path.contains("/potter-leaks-") {
            let table = table(of: module.path)
            if let index = table.names.firstIndex(of: name) { return table.addresses[index] + bias[module.path]! }
        }
        return nil
    }

    private func table(of path: String) -> (addresses: [UInt64], names: [String]) {
        if let known = symbols[path] { return known }
        var entries: [(UInt64, String)] = []
        for options in [["--defined-only"], ["--defined-only", "-D"]] {
            let text = (try? HeapPrograms.run(["nm"] + options + [path])) ?? ""
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: " ")
                guard fields.count == 3, let address = UInt64(fields[0], radix: 16) else { continue }
                entries.append((address, String(fields[2].split(separator: "@")[0])))
            }
        }
        entries.sort { ($0.0, $0.1) < ($1.0, $1.1) }
        let table = (entries.map(\.0), entries.map(\.1))
        symbols[path] = table
        return table
    }

    /// Lowest and highest address of the loadable segments, as the file says them, out of the headers in memory.
    private static func extent(at base: UInt64, _ memory: ProcessFile) -> (UInt64, UInt64)? {
        let cache = CachedMemory(memory)
        guard cache.load(UInt32.self, at: base) == 0x464c_457f, let table = cache.word(at: base + 32),
            let count = cache.load(UInt16.self, at: base + 56)
        else { return nil }
        var range: (UInt64, UInt64)?
        for index in 0..<UInt64(count) {
            let header = base + table + 56 * index
            guard cache.load(UInt32.self, at: header) == 1, let address = cache.word(at: header + 16),
                let size = cache.word(at: header + 40)
            else { continue }
            range = (min(range?.0 ?? .max, address & ~4095), max(range?.1 ?? 0, (address + size + 4095) & ~4095))
        }
        return range
    }
}
