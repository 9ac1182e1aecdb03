// SPDX-License-Identifier: Apache-2.0
// Sources of the programs that the tests build.

enum Programs {
    static let c = """
        #include <stdio.h>
        #include <stdlib.h>
        static inline int square(int x) { return x * x + rand(); }
        static inline int twice(int x) { int s = 0; for (int i = 0; i < x; i++) s += square(i); return s; }
        __attribute__((noinline)) int work(int n) { return twice(n) + 7; }
        __attribute__((noinline)) static int rest(int n) { if (n < 0) abort(); return n / 3; }
        int main(int c, char **v) { printf("%d %d\\n", work(c), rest(c)); return 0; }
        """

    /// Another unit for any program, in C and C++.
    static let assistant = """
        static inline int clamp(int x) { return x > 1000 ? 1000 : x; }
        static inline int step(int x) { int s = 1; while (x > 1) { s += clamp(x); x = x % 2 ? 3 * x + 1 : x / 2; } return s; }
        int assistant(int n) { int s = 0; for (int i = 0; i < n; i++) s ^= step(i); return s; }
        """

    static let cpp = """
        #include <algorithm>
        #include <iostream>
        #include <map>
        #include <stdexcept>
        #include <string>
        #include <vector>
        namespace app {
        struct Shape { virtual ~Shape() {} virtual double area() const = 0; };
        struct Square : Shape { double s; Square(double s) : s(s) {} double area() const override { return s * s; } };
        template <class T> static inline T add(T a, T b) {
            T r = a + b;
            if (r < a) throw std::runtime_error("x");
            return r;
        }
        static std::map<std::string, std::vector<int>> build(int n) {
            std::map<std::string, std::vector<int>> m;
            for (int i = 0; i < n; i++) m["k" + std::to_string(i % 97)].push_back(add(i, 3));
            return m;
        }
        }
        int main(int c, char **v) {
            auto m = app::build(c * 1000);
            long s = 0;
            for (auto &[k, x] : m) {
                std::sort(x.begin(), x.end(), [](int a, int b) { return a % 13 < b % 13; });
                for (int y : x) s += y * k.size();
            }
            app::Square q(s);
            std::cout << q.area() << "\\n";
        }
        """

    static let swift = """
        struct Item { var k: Int; var v: [String: Int] }
        protocol P { func go(_ x: Int) -> Int }
        final class C: P {
            var items: [Item] = []
            @inline(never) func go(_ x: Int) -> Int {
                items.append(Item(k: x, v: ["\\(x)": x]))
                return items.map { $0.k &* 3 }.reduce(0, &+)
            }
        }
        func add(_ n: Int) async -> Int { await Task.yield(); return n &+ 1 }
        extension Array where Element == Int {
            @inline(never) func total() -> Int { var s = 0; for x in self { s &+= x }; return s }
        }
        @main struct Program {
            static func main() async {
                let c = C()
                var t = 0
                for i in 0..<CommandLine.arguments.count * 100 { t &+= c.go(i); t = await add(t) }
                print([t, 1].total(), c.items.sorted { $0.k > $1.k }.count)
            }
        }
        """

    static let rust = """
        use std::collections::HashMap;
        #[inline(never)]
        fn work<T: std::fmt::Debug>(t: &T) -> usize { format!("{:?}", t).len() }
        fn main() {
            let mut m = HashMap::new();
            for i in 0..100 { m.insert(i, i * 2); }
            println!("{} {}", work(&m), work(&"a"));
        }
        """

    /// Names of every kind.
    static let swiftNames = """
        struct Vec<T: Numeric> {
            var x: T, y: T
            var both: T { get { x + y } set { x = newValue; y = newValue } }
            var watched: Int = 0 { didSet { print(oldValue) } willSet { print(newValue) } }
            lazy var later: Int = { self.watched + 1 }()
            init(_ x: T, y: T) { self.x = x; self.y = y }
            subscript(i: Int) -> T { get { i == 0 ? x : y } set { if i == 0 { x = newValue } else { y = newValue } } }
            static func + (a: Vec, b: Vec) -> Vec { Vec(a.x + b.x, y: a.y + b.y) }
            static var zero: Vec { Vec(0, y: 0) }
            func map<U: Numeric>(_ f: (T) throws -> U) rethrows -> Vec<U> { Vec<U>(try f(x), y: try f(y)) }
        }
        infix operator <+>
        func <+> (a: Int, b: Int) -> Int { let f = { (c: Int) -> Int in let g = { (d: Int) in d &* c }; return g(a) &+ b }; return f(b) }
        enum Kind: Int, CaseIterable { case one = 1, two; var text: String { switch self { case .one: "1"; default: "2" } } }
        class Base { var n = 0; init(n: Int) { self.n = n }; deinit { print("bye") }; func go() -> Int { n }; class func make() -> Base { Base(n: 1) } }
        final class Sub: Base { override func go() -> Int { super.go() + 1 }; convenience init() { self.init(n: 3) } }
        protocol Walker { associatedtype Step; func walk(_ s: Step) -> Step; var pace: Int { get set } }
        extension Walker where Step == Int { func twice(_ s: Int) -> Int { walk(walk(s)) } }
        struct Dog: Walker { var pace = 1; func walk(_ s: Int) -> Int { s + pace } }
        extension Array where Element == Int { func total() -> Int { reduce(0) { $0 + $1 } } }
        actor Counter { var n = 0; func up() -> Int { n += 1; return n } ; nonisolated func name() -> String { "c" } }
        func outer(_ n: Int) -> Int { func nested(_ k: Int) -> Int { k > 0 ? nested(k - 1) + n : 0 }; return nested(n) }
        let global: [Int] = (0..<10).map { $0 * CommandLine.arguments.count }
        func withDefault(_ a: Int = global.count, label b: String = "x".uppercased()) -> Int { a + b.count }
        @inline(never) func generic<T: Walker>(_ t: T) -> Int where T.Step == Int { t.twice(t.pace) }
        func throwing(_ n: Int) throws -> Int { if n > 3 { throw CancellationError() }; return n }
        @main struct Main {
          static func main() async throws {
            var v = Vec(1, y: 2); v.both = 3; v.watched = 4; v[1] = 3; print(v.later, v[0], (v + v).both, Vec<Double>.zero.map { $0 * 2 }.both)
            print(3 <+> 4, Kind.allCases.map(\\.text), Base.make().go(), Sub().go(), generic(Dog()), [1,2].total())
            let c = Counter(); print(await c.up(), c.name(), outer(3), withDefault(), try throwing(2))
            async let a = c.up(); print(await a, await withTaskGroup(of: Int.self) { g in g.addTask { 3 }; return await g.next()! })
            let k: KeyPath<Vec<Int>, Int> = \\.both; print(v[keyPath: k], [3,1].sorted { $0 < $1 })
          }
        }
        """

    static let cppNames = """
        #include <functional>
        #include <iostream>
        #include <memory>
        #include <string>
        #include <tuple>
        #include <variant>
        #include <vector>
        namespace app { inline namespace v1 { namespace {
        template <class T, int N> struct Ring {
            T items[N]{};
            Ring &operator+=(const T &t) { items[0] = items[0] + t; return *this; }
            T operator()(int i) const { return items[i % N]; }
            T &operator[](int i) { return items[i % N]; }
            explicit operator bool() const { return N > 0; }
            bool operator<(const Ring &o) const { return items[0] < o.items[0]; }
            ~Ring() { if (items[0] == T()) std::cout << "empty"; }
            template <class F> auto each(F &&f) -> decltype(f(items[0])) { return f(items[0]); }
        };
        } } }
        struct Point { int x; Point operator-() const { return {-x}; } static void *operator new(size_t n); };
        void *Point::operator new(size_t n) { return std::malloc(n); }
        long operator""_km(unsigned long long n) { return n * 1000; }
        template <class... Ts> int count(Ts &&...ts) { return (0 + ... + int(sizeof(ts))); }
        int (*choose(bool b))(int) { static auto f = [](int i) { return i + 1; }; return b ? +f : nullptr; }
        int main(int c, char **v) {
            app::Ring<int, 4> ring; ring += c; ring[1] = ring(0);
            app::Ring<std::string, 2> words; words += "a";
            auto twice = [&](auto x) { auto inner = [x](int y) { return int(x) * y; }; return inner(c); };
            std::function<int(int)> f = [&](int i) { return twice(i) + ring.each([](int q) { return q * 2; }); };
            std::variant<int, std::string> value = std::string("x");
            auto p = std::make_unique<Point>(Point{c});
            std::cout << f(2) << bool(ring) << (ring < ring) << (-*p).x << (new Point{1})->x << 3_km << twice(1.5)
                      << count(1, 'a', 2.0) << choose(true)(1)
                      << std::visit([](auto &x) { return sizeof(x); }, value) << std::get<0>(std::tuple{1, "a"}) << "\\n";
        }
        """

    /// Symbols with and without sizes, aliases, a label inside a function, holes, and unwind entries that contradict.
    static let assembly = """
            .text
            .globl sized
            .type sized, @function
        sized:  .fill 16, 1, 0x90
        label_inside:
                .fill 16, 1, 0x90
            .size sized, 32
        hole:   .fill 32, 1, 0x90      # not a symbol's: see .set below
            .globl bare
        bare:   .fill 48, 1, 0x90      # no type, no size, up to the next symbol
        .Lmarker:
            .fill 16, 1, 0x90
            .type covered, @function
            .globl covered
        covered:
            .cfi_startproc
            .fill 16, 1, 0x90
            .cfi_endproc
            .fill 16, 1, 0x90          # behind the unwind entry of `covered`
            .cfi_startproc
            .fill 16, 1, 0x90          # an unnamed function with an unwind entry
            .cfi_endproc
            .globl __alias, alias, weak_alias
            .weak weak_alias
            .type __alias, @function
            .type alias, @function
            .type weak_alias, @function
            .type local_alias, @function
        __alias: alias: weak_alias: local_alias:
            .fill 16, 1, 0x90
            .size __alias, 16
            .size alias, 16
            .size weak_alias, 16
            .size local_alias, 16
            .type outer, @function
            .type inner, @function
        outer:  .fill 8, 1, 0x90
        inner:  .fill 8, 1, 0x90
            .size inner, 8
            .fill 8, 1, 0x90
            .size outer, 24
            .globl last
        last:   .fill 8, 1, 0x90       # up to the end of the section
            .section .other, "ax"
            .fill 64, 1, 0x90
            .section .note.GNU-stack, "", @progbits
        """.replacing("hole:", with: "    ")
}
