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
