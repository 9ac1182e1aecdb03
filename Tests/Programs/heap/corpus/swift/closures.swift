// SPDX-License-Identifier: Apache-2.0
// Leaks: closures that capture what holds them. No Foundation.

final class Controller: Counted {
    var count = 0
    var onClose: (() -> Void)?
    var onData: ((Int) throws -> Int)?
    var job: (() async -> Void)?
    var handlers: [(Int) -> Int] = []
    var payload: Payload?
    lazy var render: () -> Int = { self.count + 1 }

    func handle() { count += 1 }

    func arm() { onClose = { self.count += 1 } }

    func remember(_ value: @autoclosure @escaping () -> Int) { onData = { $0 + value() } }
}

protocol ViewDelegate: AnyObject {
    func changed()
}

final class View: Counted {
    var delegate: (any ViewDelegate)?
    var action: (() -> Void)?
}

final class Screen: Counted, ViewDelegate {
    let view: View
    var changes = 0
    init(_ view: View) {
        self.view = view
        super.init()
    }
    func changed() { changes += 1 }
}

struct Settings {
    var width = 1
    var height = 2
    var depth = 3
    var owner: Controller
}

/// `self` alone: the closure has no context of its own.
@inline(never)
func plantStored(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        controller.arm()
        planted(controller, .cycle)
    }
}

@inline(never)
func plantContext(_ n: Int) {
    for i in 0..<n {
        let controller = Controller()
        let payload = Payload()
        controller.onClose = { controller.count += payload.number + i }
        planted(controller, .cycle)
        planted(payload, .owned)
    }
    implied("closure context", n)
}

@inline(never)
func plantNested(_ n: Int) {
    for i in 0..<n {
        let controller = Controller()
        let payload = Payload()
        let inner = { controller.count + payload.number }
        controller.onClose = { controller.count = inner() + i }
        planted(controller, .cycle)
        planted(payload, .owned)
    }
    implied("closure context", 2 * n)
}

/// A variable that holds the closure that captures the variable.
@inline(never)
func plantCapturedVariable(_ n: Int) {
    for _ in 0..<n {
        let payload = Payload()
        var again: ((Int) -> Int)?
        again = { $0 <= 0 ? payload.number : again!($0 - 1) }
        _ = again!(2)
        planted(payload, .owned)
    }
    implied("closure context", n)
    implied("box", n)
}

@inline(never)
func plantDelegate(_ n: Int) {
    for _ in 0..<n {
        let view = View()
        let screen = Screen(view)
        view.delegate = screen
        planted(view, .cycle)
        planted(screen, .cycle)
    }
}

@inline(never)
func plantLazy(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        _ = controller.render()
        planted(controller, .cycle)
    }
}

@inline(never)
func plantMethodReference(_ n: Int) {
    for _ in 0..<n {
        let view = View()
        let screen = Screen(view)
        view.action = screen.changed
        planted(view, .cycle)
        planted(screen, .cycle)
    }
}

@inline(never)
func plantHandlers(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        for i in 0..<3 { controller.handlers.append { $0 + i + controller.count } }
        planted(controller, .cycle)
    }
    implied("array buffer", n)
    implied("closure context", 3 * n)
}

@inline(never)
func plantLocalFunction(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        let payload = Payload()
        func tick() {
            controller.count += payload.number
            controller.onClose = tick
        }
        tick()
        planted(controller, .cycle)
        planted(payload, .owned)
    }
    implied("closure context", n)
}

@inline(never)
func plantAutoclosure(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        controller.remember(controller.count)
        planted(controller, .cycle)
    }
    implied("closure context", n)
}

@inline(never)
func plantPair(_ n: Int) {
    for i in 0..<n {
        let (a, b) = (Controller(), Controller())
        a.onClose = { b.count += i }
        b.onClose = { a.count += i }
        planted(a, .cycle)
        planted(b, .cycle)
    }
    implied("closure context", 2 * n)
}

@inline(never)
func plantAsyncClosure(_ n: Int) {
    for _ in 0..<n {
        let controller = Controller()
        let payload = Payload()
        controller.job = {
            await Task.yield()
            controller.count += payload.number
        }
        planted(controller, .cycle)
        planted(payload, .owned)
    }
    implied("closure context", n)
}

@inline(never)
func plantCapturedStruct(_ n: Int) {
    for _ in 0..<n {
        let settings = Settings(owner: Controller())
        settings.owner.onClose = { settings.owner.count += settings.width }
        planted(settings.owner, .cycle)
    }
    implied("closure context", n)
}

@main
struct Closures {
    static func main() {
        runCorpus(
            "closures",
            [
                .leak("stored", plantStored), .leak("context", plantContext), .leak("nested", plantNested),
                .leak("captured_variable", plantCapturedVariable), .leak("delegate", plantDelegate),
                .leak("lazy", plantLazy), .leak("method_reference", plantMethodReference),
                .leak("handlers", plantHandlers), .leak("local_function", plantLocalFunction),
                .leak("autoclosure", plantAutoclosure), .leak("pair", plantPair),
                .leak("async_closure", plantAsyncClosure), .leak("captured_struct", plantCapturedStruct),
            ])
    }
}
