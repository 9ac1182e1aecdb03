// SPDX-License-Identifier: Apache-2.0
// usage: json SECONDS
// Encodes and decodes nested values with Foundation's JSON coders, for about so many seconds of CPU time.
import Foundation
import Glibc

struct Item: Codable {
    var name: String
    var price: Double
    var tags: [String]
    var parts: [Item]
}

@inline(never) func makeItem(_ depth: Int, _ number: Int) -> Item {
    Item(
        name: "item \(number)", price: Double(number) * 1.25, tags: ["red", "\(number)"],
        parts: depth == 0 ? [] : (0..<2).map { makeItem(depth - 1, number * 2 + $0) })
}

@inline(never) func roundTrip(_ item: Item, _ encoder: JSONEncoder, _ decoder: JSONDecoder) throws -> Int {
    let data = try encoder.encode(item)
    return try decoder.decode(Item.self, from: data).parts.count + data.count
}

@main struct Main {
    static func main() throws {
        let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 1
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        var sum = 0
        var number = 0
        while Double(clock()) / Double(CLOCKS_PER_SEC) < seconds {
            sum += try roundTrip(makeItem(2, number), encoder, decoder)
            number += 1
        }
        precondition(sum > 0)
    }
}
