// SPDX-License-Identifier: Apache-2.0
// Foundation's JSON coders, a fixed amount of work, a million allocations or two: Scripts/bench heap. Prints seconds.
//   coders ROUNDS
import Foundation

struct Item: Codable {
    var name: String
    var tags: [String]
    var values: [Double]
    var nested: [String: [Int]]
}

@main struct Coders {
    static func main() throws {
        guard CommandLine.arguments.count == 2, let rounds = Int(CommandLine.arguments[1]) else { return }
        let items = (0..<50).map { i in
            Item(
                name: "an item with a name of some length \(i)", tags: (0..<8).map { "tag number \($0) of item \(i)" },
                values: (0..<16).map { Double(i * $0) / 7 },
                nested: Dictionary(uniqueKeysWithValues: (0..<6).map { ("key number \($0)", [$0, i, $0 * i]) }))
        }
        var bytes = 0
        let time = try ContinuousClock().measure {
            for _ in 0..<rounds {
                let data = try JSONEncoder().encode(items)
                bytes += try JSONDecoder().decode([Item].self, from: data).count + data.count
            }
        }
        precondition(bytes > 0)
        print(Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds))
    }
}
