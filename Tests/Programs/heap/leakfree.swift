// SPDX-License-Identifier: Apache-2.0
// Nothing here leaks. Every form in which Swift hides an object's address in a word is held by a global.
import Foundation

final class Node { var value: Int; init(_ value: Int) { self.value = value } }
final class Wide { var a = 1, b = 2; var name = "wide" }
indirect enum Tree { case leaf(Int), fork(Tree, Tree), named(String, Tree) }
enum Payloads { case node(Node), wide(Wide), text([Int]), third(Node), fourth([String]), none }
enum Single { case some(Node); case empty }
struct Pair { var first: Node?; var second: Payloads; var third: Wide? }
struct Failure: Error { var node: Node }
protocol Shape: AnyObject {}
final class Square: Shape { var side = Node(4) }
struct Large { var a = Node(1), b = Node(2), c = Node(3), d = Node(4), e = "a large existential on the heap" }
final class Generic<T> { var value: T; init(_ value: T) { self.value = value } }
final class Watcher {
    weak var target: Node?; unowned let owner: Wide; init(_ node: Node, _ wide: Wide) { target = node; owner = wide }
}
class Base { var base = Node(11) }
final class Derived: Base { var derived = Wide(); lazy var late: () -> Int = { [unowned self] in self.base.value } }
final class Zombie { var node = Node(99) }
final class Holder { unowned var zombie: Zombie; init(_ zombie: Zombie) { self.zombie = zombie } }

nonisolated(unsafe) var datas: [Data] = []
nonisolated(unsafe) var oneData: Data?
nonisolated(unsafe) var trees: [Tree] = []
nonisolated(unsafe) var tree: Tree?
nonisolated(unsafe) var payloads: [Payloads] = []
nonisolated(unsafe) var payload: Payloads = .none
nonisolated(unsafe) var pairs: [Pair] = []
nonisolated(unsafe) var singles: [Single] = []
nonisolated(unsafe) var failures: [any Error] = []
nonisolated(unsafe) var shapes: [any Shape] = []
nonisolated(unsafe) var anys: [Any] = []
nonisolated(unsafe) var strings: [String] = []
nonisolated(unsafe) var slices: [ArraySlice<Node>] = []
nonisolated(unsafe) var substrings: [Substring] = []
nonisolated(unsafe) var closures: [() -> Int] = []
nonisolated(unsafe) var dictionary: [String: Node] = [:]
nonisolated(unsafe) var nodeSet: Set<String> = []
nonisolated(unsafe) var generics: [Any] = []
nonisolated(unsafe) var watchers: [Watcher] = []
nonisolated(unsafe) var watched: [Node] = []
nonisolated(unsafe) var wide = Wide()
nonisolated(unsafe) var derived = Derived()
nonisolated(unsafe) var holders: [Holder] = []
nonisolated(unsafe) var raw: UnsafeMutablePointer<Node>?
nonisolated(unsafe) var retained: UnsafeMutableRawPointer?
nonisolated(unsafe) var weakTable: [ObjectIdentifier: () -> Node?] = [:]
nonisolated(unsafe) var dates: [Date] = [], urls: [URL] = [], numbers: [NSNumber] = [],
    cache = NSCache<NSString, Holder>()
nonisolated(unsafe) var registry = NSMutableDictionary()

@inline(never) func fillValues() {
    datas = []
    for i in 0..<20 {
        datas.append(Data(repeating: UInt8(i), count: 100 + 1000 * i))
        datas.append(datas[3 * i].subdata(in: 3..<60))
        datas.append(datas[3 * i][5..<70])
        trees.append(.fork(.leaf(i), .named("tree number \(i) with a long name", .fork(.leaf(1), .leaf(2)))))
        strings.append("a string on the heap, number \(i)")
        substrings.append(strings[i].dropFirst(3))
        payloads += [.node(Node(i)), .wide(Wide()), .text([1, 2, i]), .third(Node(i)), .fourth(["a", strings[i]])]
        singles += [.some(Node(i)), .empty]
        pairs.append(Pair(first: Node(i), second: payloads[i], third: i % 2 == 0 ? Wide() : nil))
        failures.append(Failure(node: Node(i)))
        shapes.append(Square())
        anys += [Large(), Node(i), "text in an existential, heap \(i)", (Node(1), Wide()), [Node(2)]]
        generics += [Generic(Node(i)), Generic([strings[i]]), Generic<Payloads>(.wide(Wide()))]
        urls.append(URL(string: "http://example.org/\(i)?q=a-rather-long-query")!)
        numbers.append(NSNumber(value: Double(i) * 1.5))
    }
    oneData = Data(repeating: 7, count: 5000)
    tree = trees[3]
    payload = .third(Node(5))
}

@inline(never) func fillReferences() {
    for i in 0..<20 {
        let node = Node(i)
        watched.append(node)
        watchers.append(Watcher(node, wide))
        let gone = Node(-i)
        watchers.append(Watcher(gone, wide))  // its target goes at once: a side table stays
        weakTable[ObjectIdentifier(node)] = { [weak node] in node }
        dictionary["key number \(i) on the heap"] = node
        nodeSet.insert("member number \(i) on the heap")
        closures.append { node.value + i }
        var counter = 0
        closures.append {
            counter += 1; return counter + node.value
        }
        registry["entry \(i)"] = NSArray(array: [node, "text"])
        cache.setObject(Holder(Zombie.shared), forKey: "\(i)" as NSString)
    }
    for key in dictionary.keys.sorted().prefix(7) { dictionary[key] = nil }
    slices.append(watched[2..<5])
    let zombie = Zombie()
    holders.append(Holder(zombie))  // its memory stays for the unowned reference
    if raw == nil {  // a second time would leak the first
        raw = .allocate(capacity: 3)
        for i in 0..<3 { (raw! + i).initialize(to: Node(i)) }
        retained = Unmanaged.passRetained(Node(77)).toOpaque()
    }
    _ = derived.late()
}
extension Zombie { nonisolated(unsafe) static let shared = Zombie() }

fillValues()
fillReferences()
onEndedThread { fillValues() }
onEndedThread { fillReferences() }
wipeStack()
for node in watched { kept(node, "leakfree.Node") }
