// SPDX-License-Identifier: Apache-2.0
// Objects of many types, each with its name as Swift itself says it, and leaks of types that are hard to name.
import Foundation

class Base { var base = 1 }
final class Derived: Base { var more = "x" }
struct Outer {
    final class Inner { var value = 1 }
    enum Deep { final class Deepest { var value = 2 } }
    final class Of<T> {
        var value: T?; final class Nested<U> { var u: U?; init(_ u: U) { self.u = u } }; init(_ v: T) { value = v }
    }
}
extension Outer { final class Extended { var value = 3 } }
extension Array { final class InArray { var value: Element?; init(_ v: Element) { value = v } } }
private final class Hidden { var value = 4 }
class Generic<A, B> { var a: A; var b: B; init(_ a: A, _ b: B) { self.a = a; self.b = b } }
final class Special<T>: Generic<T, [String: T]> { var own: T; init(_ t: T) { own = t; super.init(t, [:]) } }
protocol Walker {}
struct Dog: Walker {}
enum Mood { case glad, sad(Int) }
actor Counter { var n = 0 }
struct Broken: Error { var code = 7 }
final class FromFoundation: NSObject { var value = 5 }

nonisolated(unsafe) var objects: [AnyObject] = []
nonisolated(unsafe) var errors: [any Error] = [Broken(), Broken(code: 3)]

func local() -> AnyObject { final class Local { var value = 6 }; return Local() }

objects += [Base(), Derived(), Outer.Inner(), Outer.Deep.Deepest(), Outer.Of(3), Outer.Of("x"), Outer.Of<[Int?]>([1])]
objects += [
    Outer.Of<Int>.Nested("x"), Outer.Extended(), [Int].InArray(1), Hidden(), Generic(1, "b"), Generic(Base(), Dog()),
]
objects += [Special(1.5), Special([1, 2]), Generic<any Walker, Mood>(Dog(), .glad), Counter(), local()]
objects += [
    Generic((1, "t"), { (x: Int) -> String in "\(x)" }), Generic<Int.Type, any Walker.Type>(Int.self, Dog.self),
]
objects += [
    Generic<Any, AnyObject>(1, Base()), Generic<Set<String>, Dictionary<Int, [Mood]>>([], [:]), FromFoundation(),
]
objects += [Generic<Result<Int, any Error>, Data>(.success(1), Data()), Generic<Void, Never?>((), nil)]
for object in objects { kept(object, String(reflecting: type(of: object))) }
