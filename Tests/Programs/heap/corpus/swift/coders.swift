// SPDX-License-Identifier: Apache-2.0
// No leaks: what Foundation packs, caches and keeps: Data, coders, formatters, calendars, observers, queues, timers.
import Foundation

struct Order: Codable, Equatable {
    var id: Int
    var customer: String
    var prices: [Double]
    var tags: [String: String?]
    var lines: [Line]

    struct Line: Codable, Equatable {
        var article: String
        var count: Int
        var note: String?
    }
}

final class Model: NSObject {
    override init() {
        super.init()
        Census.born(Model.self)
    }
    deinit { Census.died(Model.self) }
}

nonisolated(unsafe) var datas: [Data] = []
nonisolated(unsafe) var optionalDatas: [Data?] = []
nonisolated(unsafe) var encoder: JSONEncoder?
nonisolated(unsafe) var decoder: JSONDecoder?
nonisolated(unsafe) var orders: [Order] = []
nonisolated(unsafe) var anything: [Any] = []
nonisolated(unsafe) var objects = NSMutableArray()
nonisolated(unsafe) var table = NSMutableDictionary()
nonisolated(unsafe) var cache = NSCache<NSNumber, Payload>()
nonisolated(unsafe) var cached = 0
nonisolated(unsafe) var observers: [any NSObjectProtocol] = []
nonisolated(unsafe) var formatters: [Formatter] = []
nonisolated(unsafe) var urls: [URL] = []
nonisolated(unsafe) var rich: [AttributedString] = []
nonisolated(unsafe) var matches: [Substring] = []
nonisolated(unsafe) var queue = OperationQueue()
nonisolated(unsafe) var timers: [Timer] = []
nonisolated(unsafe) var threads: [Thread] = []

func order(_ i: Int) -> Order {
    let lines = (0..<5).map { Order.Line(article: "article number \(i + $0)", count: $0, note: $0 < 3 ? nil : "-") }
    let customer = "a customer with a long name \(i)"
    return Order(id: i, customer: customer, prices: [1.5, 2.5], tags: ["a": "b", "c": nil], lines: lines)
}

func checkValues() {
    reachableValues("Data", datas.count + optionalDatas.count)
    reachableValues("Order", orders.count)
    reachableValues("Any", anything.count)
    reachableValues("Formatter", formatters.count)
    reachableValues("URL", urls.count)
    reachableValues("AttributedString", rich.count)
    reachableValues("Substring", matches.count)
}

func checkHeld() { held(Payload.self) }

/// A thread whose run loop has timers that are not due for an hour. To fire them is the walk to what they hold. (They
/// cannot be let go: Foundation of Swift 6.3 does not free a timer that was invalidated.)
@inline(never)
func startTimerThread(_ n: Int) {
    let thread = Thread {
        for _ in 0..<n {
            let payload = Payload()
            let timer = Timer(timeInterval: 3600, repeats: true) { _ in
                if payload.number == 0 { reachable(payload) }  // a new timer fires once at once
                payload.number += 1
            }
            RunLoop.current.add(timer, forMode: .default)
            timers.append(timer)
        }
        corpus_signal()
        while RunLoop.current.run(mode: .default, before: .distantFuture) {}
    }
    thread.start()
    threads.append(thread)
    corpus_wait(1)
}

func codeOrders(_ n: Int) throws {
    encoder = JSONEncoder()
    encoder!.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder!.dateEncodingStrategy = .iso8601
    decoder = JSONDecoder()
    for i in 0..<n {
        let data = try encoder!.encode(order(i))
        let back = try decoder!.decode(Order.self, from: data)
        precondition(back == order(i))
        orders.append(back)
        datas.append(data)
    }
    made("Order", n)
    made("Data", n)
}

func codePropertyLists(_ n: Int) throws {
    for i in 0..<n {
        let format: PropertyListSerialization.PropertyListFormat = i % 2 == 0 ? .xml : .binary
        let list: [String: Any] = ["id": i, "name": "a name that is long enough", "parts": [1, 2, "three"]]
        let data = try PropertyListSerialization.data(fromPropertyList: list, format: format, options: 0)
        anything.append(try PropertyListSerialization.propertyList(from: data, format: nil))
    }
    made("Any", n)
}

func formatDates(_ n: Int) {
    for i in 0..<n {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: ["de_DE", "en_US", "ja_JP"][i % 3])
        formatter.dateStyle = .full
        precondition(!formatter.string(from: Date(timeIntervalSince1970: Double(i) * 1e6)).isEmpty)
        let numbers = NumberFormatter()
        numbers.numberStyle = .currency
        precondition(numbers.string(from: NSNumber(value: i)) != nil)
        formatters += [formatter, numbers]
    }
    made("Formatter", 2 * n)
    anything.append(Calendar.current.dateComponents([.year, .weekday], from: Date()))
    made("Any", 1)
}

let cases: [Case] = [
    .clean("data", check: checkValues) { n in
        for i in 0..<n { datas.append(Data(repeating: 1, count: 100_000 + i)) }
        made("Data", n)
    },
    .clean("data_slice", check: checkValues) { n in
        for i in 0..<n { datas.append(Data(repeating: 1, count: 5000 + i)[100..<200]) }
        made("Data", n)
    },
    .clean("data_forms", check: checkValues) { n in
        made("Data", 7 * n)
        for i in 0..<n {
            datas += [Data(), Data([1, 2, 3]), Data(repeating: 3, count: 40), Data(capacity: 1000)]
            optionalDatas += [nil, Data(repeating: UInt8(i % 256), count: 1 << 12), Data("text".utf8)]
        }
    },
    .clean("json_coders", check: checkValues) { try! codeOrders($0) },
    .clean("json_serialization", check: checkValues) { n in
        made("Any", n)
        for _ in 0..<n {
            let text = Data(#"{"a": [1, 2.5, "a string that is not short", null], "b": {"c": true}}"#.utf8)
            anything.append(try! JSONSerialization.jsonObject(with: text))
        }
    },
    .clean("property_lists", check: checkValues) { try! codePropertyLists($0) },
    .clean("formatters", check: checkValues, formatDates),
    .clean(
        "objects",
        check: {
            for object in objects { reachable(object as! Model) }
            for object in table.allValues { reachable(object as! Model) }
        }
    ) { n in
        for i in 0..<n {
            objects.add(Model())
            table["key \(i)"] = Model()
        }
    },
    .clean("cache", check: { (0..<cached).forEach { reachable(cache.object(forKey: NSNumber(value: $0))!) } }) { n in
        for i in 0..<n { cache.setObject(Payload(), forKey: NSNumber(value: i)) }
        cached = n
    },
    .clean(
        "observers", check: checkHeld,
        drain: {
            observers.forEach { NotificationCenter.default.removeObserver($0) }
            observers = []
        }
    ) { n in
        for i in 0..<n {
            let payload = Payload()
            let name = Notification.Name("corpus \(i)")
            observers.append(
                NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { _ in
                    payload.number += 1
                })
        }
    },
    .clean("urls", check: checkValues) { n in
        made("URL", 2 * n)
        for i in 0..<n {
            var parts = URLComponents(string: "https://example.org/a/path/of/some/length")!
            parts.queryItems = [URLQueryItem(name: "number", value: "\(i)")]
            urls += [parts.url!, URL(fileURLWithPath: "/tmp/corpus/\(i)/a/long/path/to/a/file")]
        }
    },
    .clean("attributed_strings", check: checkValues) { n in
        made("AttributedString", n)
        for i in 0..<n {
            var text = AttributedString("some text with attributes number \(i)")
            text.link = URL(string: "https://example.org")
            rich.append(text)
        }
    },
    .clean("regex", check: checkValues) { n in
        made("Substring", n)
        let pattern = try! Regex("([a-z]+) ([0-9]+)")
        for i in 0..<n {
            let text = "a line with number \(i) in it"
            matches.append(text.firstMatch(of: pattern)!.output[1].substring!)
        }
    },
    .clean(
        "operation_queue", check: checkHeld,
        drain: {
            queue.isSuspended = false
            queue.waitUntilAllOperationsAreFinished()
            waitUntilDead(Payload.self)
        }
    ) { n in
        queue.isSuspended = true
        for _ in 0..<n {
            let payload = Payload()
            queue.addOperation { payload.number += 1 }
        }
    },
    .clean("run_loop_timer", check: { timers.forEach { $0.fire() } }, startTimerThread),
]

@main
struct Coders {
    static func main() { runCorpus("coders", cases) }
}
