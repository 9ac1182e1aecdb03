// SPDX-License-Identifier: Apache-2.0
// Leaks of every kind beside live objects of the same types.
final class Parent { var child: Child?; var name = "a parent with a long name" }
final class Child { var parent: Parent?; var data = [1, 2, 3] }
final class View { var delegate: Controller? }
final class Controller { var view = View(); init() {}; func link() { view.delegate = self } }
final class Timer {
    var handler: (() -> Void)?; var ticks = 0
    func arm() { handler = { [self] in ticks += 1 } }
}
final class Counter {
    var step: ((Int) -> Int)?
    func start(_ by: Int) {
        var total = 0;
        step = { n in
            total += n * by; return total + (self.step == nil ? 0 : 1)
        }
    }
}
final class Box<T> { var value: T?; var other: AnyObject? }
enum Link { case end, next(Ring), also([Ring]) }
final class Ring { var link = Link.end }
indirect enum Chain { case stop, link(Knot, Chain) }
final class Knot { var chain = Chain.stop }
protocol Listener: AnyObject { var source: Source? { get set } }
final class Source { var listeners: [any Listener] = [] }
final class Printer: Listener { var source: Source? }
final class Lazy { var seed = 3; lazy var compute: () -> Int = { self.seed * 2 } }
final class Registry { var byName: [String: Entry] = [:] }
final class Entry { var registry: Registry?; var text = "the entry's text is on the heap" }
final class Watched { var me: Watched?; var bytes = [UInt8](repeating: 0, count: 100) }
final class Looker { unowned let watched: Watched; init(_ watched: Watched) { self.watched = watched } }
final class Plain { var text = "kept by one retain too many" }
struct Whatever { var any: Any? }
final class Existential { var whatever = Whatever() }

nonisolated(unsafe) var lookers: [Looker] = []
nonisolated(unsafe) var live: [AnyObject] = []

@inline(never) func plantCycles() {
    let parent = Parent(), child = Child()
    parent.child = child; child.parent = parent
    planted("leaked-cycle", parent, "mixed.Parent"); planted("leaked-cycle", child, "mixed.Child")
    let controller = Controller()
    controller.link()
    planted("leaked-cycle", controller, "mixed.Controller"); planted("leaked-cycle", controller.view, "mixed.View")
    let timer = Timer()
    timer.arm()
    planted("leaked-cycle", timer, "mixed.Timer")
    let counter = Counter()
    counter.start(3)
    planted("leaked-cycle", counter, "mixed.Counter")
    let box = Box<Parent>()
    box.other = box; box.value = Parent()
    planted("leaked-cycle", box, "mixed.Box<mixed.Parent>"); planted("owned", box.value!, "mixed.Parent")
}
@inline(never) func plantEnums() {
    let ring = Ring(), other = Ring()
    ring.link = .next(other); other.link = .also([ring])
    planted("leaked-cycle", ring, "mixed.Ring"); planted("leaked-cycle", other, "mixed.Ring")
    let knot = Knot()
    knot.chain = .link(Knot(), .link(knot, .stop))
    planted("leaked-cycle", knot, "mixed.Knot")
    let source = Source(), printer = Printer()
    source.listeners = [printer]; printer.source = source
    planted("leaked-cycle", source, "mixed.Source"); planted("leaked-cycle", printer, "mixed.Printer")
    let lazy = Lazy()
    _ = lazy.compute()
    planted("leaked-cycle", lazy, "mixed.Lazy")
    let existential = Existential()
    existential.whatever.any = (existential, 1, 2)  // all of the inline buffer: the rest would be stale
    planted("leaked-cycle", existential, "mixed.Existential")
}
@inline(never) func plantOthers() {
    let registry = Registry()
    for i in 0..<20 {
        let entry = Entry()
        entry.registry = registry
        registry.byName["entry \(i) of the registry"] = entry
    }
    for i in 0..<11 { registry.byName["entry \(i) of the registry"] = nil }
    planted("leaked-cycle", registry, "mixed.Registry")
    for entry in registry.byName.values { planted("leaked-cycle", entry, "mixed.Entry") }
    let watched = Watched()
    watched.me = watched
    lookers.append(Looker(watched))
    planted("leaked-cycle", watched, "mixed.Watched")
    let plain = Plain()
    _ = Unmanaged.passRetained(plain)
    planted("over-retained", plain, "mixed.Plain")
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 30)
    memory.initialize(repeating: 3, count: 30)
    print("planted", "leaked-root", "memory", inverted(UnsafeRawPointer(memory)))
}
@inline(never) func keep() {
    let parent = Parent(), child = Child()
    parent.child = child; child.parent = parent
    live += [parent, Controller(), Timer(), Ring(), Registry(), Watched(), Plain()]
    (live[1] as! Controller).link()
    (live[2] as! Timer).arm()
    for object in live { kept(object, String(reflecting: type(of: object))) }
}

let times = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 1
onEndedThread { for _ in 0..<times { plantCycles(); plantEnums(); plantOthers() } }
onEndedThread { keep() }
wipeStack()
