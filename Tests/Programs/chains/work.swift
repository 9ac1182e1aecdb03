// SPDX-License-Identifier: Apache-2.0
// usage: work SECONDS
// Foundation at work, for the check of edges: JSON both ways, strings, dates, sorting.
import Foundation

struct Person: Codable {
    var name: String
    var born: Date
    var tags: [String: Int]
}

let seconds = CommandLine.arguments.count > 1 ? Double(CommandLine.arguments[1]) ?? 1 : 1
let end = Date().addingTimeInterval(seconds)
var sum = 0
while Date() < end {
    let people = (0..<50).map { i in
        Person(name: "person \(i)", born: Date(timeIntervalSince1970: Double(i) * 1e7), tags: ["a": i, "b\(i)": 2])
    }
    let data = try JSONEncoder().encode(people)
    let back = try JSONDecoder().decode([Person].self, from: data)
    sum += back.sorted { $0.name > $1.name }.first!.name.components(separatedBy: " ").count
    sum += back.map { $0.born.formatted(.iso8601) }.joined().count
}
print(sum)
