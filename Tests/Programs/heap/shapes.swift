// SPDX-License-Identifier: Apache-2.0
// Swift: classes, closures, strings, dictionaries, generics, errors, tasks and actors that come and go. The recursion
// allocates a known number of boxes at each depth.

final class Box {
    var left: Box?
    var right: Box?
    let value: Int
    init(_ value: Int) { self.value = value }
}

@inline(never) func makeBox(_ value: Int) -> Box { Box(value) }

@inline(never) func buildTree(_ depth: Int) -> Box {
    let box = makeBox(depth)
    if depth > 0 {
        box.left = buildTree(depth - 1)
        box.right = buildTree(depth - 1)
    }
    return box
}

struct Failure: Error { var text: String }

@inline(never) func fail(_ depth: Int) throws -> Int {
    if depth == 0 { throw Failure(text: "a text that is too long to be kept inline \(depth)") }
    return try fail(depth - 1) + 1
}

@inline(never) func strings(_ rounds: Int) -> Int {
    var words: [String: [Int]] = [:]
    for round in 0..<rounds {
        words["a key that is too long to be kept inline \(round % 200)", default: []].append(round)
        if round % 7 == 0 { words.removeValue(forKey: words.keys.first ?? "") }
    }
    let closures = words.map { entry in { entry.key.count + entry.value.count } }
    return closures.reduce(0) { $0 + $1() }
}

actor Account {
    private var entries: [String] = []
    func add(_ text: String) async -> Int {
        entries.append(text + " of some length, so that it is on the heap")
        await Task.yield()
        if entries.count > 50 { entries.removeAll() }
        return entries.count
    }
}

@inline(never) func recurse(_ depth: Int, _ account: Account) async -> Int {
    let text = String(repeating: "x", count: 20 + depth)
    if depth == 0 { return await account.add(text) }
    async let other = recurse(depth - 1, account)
    return await other + text.count
}

@main struct Shapes {
    static func main() async {
        var kept = 0
        for _ in 0..<20 { kept += buildTree(9).value }
        for round in 0..<500 {
            do { kept += try fail(round % 6) } catch { kept += "\(error)".count }
        }
        kept += strings(3000)
        let account = Account()
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<200 { group.addTask { await recurse(task % 8, account) } }
            for await result in group { kept += result }
        }
        precondition(kept > 0)
        let boxes = 20 * ((1 << 10) - 1)
        print("expect-any makeBox \(boxes) \(boxes)")
    }
}
