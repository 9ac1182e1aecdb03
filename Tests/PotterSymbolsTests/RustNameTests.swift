// SPDX-License-Identifier: Apache-2.0

import Foundation
import PotterSymbols
import Testing

@Suite struct RustNameTests {
    /// Names after the grammar of RFC 2603, one for each of its rules.
    static let golden = [
        ("_RNvCs1234_7mycrate3foo", "mycrate::foo"),
        ("_RNvNtC7mycrate5inner3foo", "mycrate::inner::foo"),
        ("_RNvCs1234_7mycrate3foo.llvm.1234", "mycrate::foo"),
        ("_RNCNvC7mycrate4main0", "mycrate::main::{closure#0}"),
        ("_RNCNvC7mycrate4mains_0", "mycrate::main::{closure#1}"),
        ("_RNSNvC7mycrate4main6vtable", "mycrate::main::{shim:vtable#0}"),
        ("_RNvMs_C7mycrateNtB4_3Foo3new", "<mycrate::Foo>::new"),
        ("_RNvXC7mycrateNtB2_3FooNtB2_5Trait2go", "<mycrate::Foo as mycrate::Trait>::go"),
        ("_RNvYNtC7mycrate3FooNtB4_5Trait2go", "<mycrate::Foo as mycrate::Trait>::go"),
        ("_RINvNtC3std3mem8align_ofjdE", "std::mem::align_of::<usize, f64>"),
        ("_RINvC1a1fReRShQlPaOtE", "a::f::<&str, &[u8], &mut i32, *const i8, *mut u16>"),
        ("_RINvC1a1fTEThETxyEE", "a::f::<(), (u8,), (i64, u64)>"),
        ("_RINvC1a1fFEuE", "a::f::<fn()>"),
        ("_RINvC1a1fFUKCmELbE", "_RINvC1a1fFUKCmELbE"),
        ("_RINvC1a1fFUKCmEbE", "a::f::<unsafe extern \"C\" fn(u32) -> bool>"),
        ("_RINvC1a1fFG_RL0_hRL0_hEuE", "a::f::<for<'a> fn(&'a u8, &'a u8)>"),
        ("_RINvC1a1fFK10system_v64EuE", "a::f::<extern \"system-v64\" fn()>"),
        ("_RINvC1a1fDNtC1b5TraitEL_E", "a::f::<dyn b::Trait>"),
        (
            "_RINvC1a1fDINtC1b4IterhEp4ItemlNtC1b4SendEL_E", "a::f::<dyn b::Iter<u8, Item = i32> + b::Send>"
        ),
        ("_RINvC1a1fKj8_KanFKb1_Kc41_KpE", "_RINvC1a1fKj8_KanFKb1_Kc41_KpE"),
        ("_RINvC1a1fKj8_Kan1_Kb1_Kc41_KpE", "a::f::<8, -1, true, 'A', _>"),
        ("_RINvC1a1fAhj20_E", "a::f::<[u8; 32]>"),
        ("_RINvC1a1fKo123456789abcdef01_E", "a::f::<0x123456789abcdef01>"),
        ("_RINvC1a1fKRe616263_E", "a::f::<{\"abc\"}>"),
        ("_RINvC1a1fKVNtC1b1PTj1_b0_EE", "a::f::<{b::P(1, false)}>"),
        ("_RNvC7mycrateu8gdel_5qa", "mycrate::gödel"),
        ("_RNvC7mycrateu19Kaktusbl_tter_jxyb", "_RNvC7mycrateu19Kaktusbl_tter_jxyb"),
        ("_RNvCs1234_7mycrate3fooCs9_5other", "mycrate::foo"),
        ("_R", "_R"),
        ("_RNvC7mycrate3fo", "_RNvC7mycrate3fo"),
        ("_RNvC7mycrate3fooJunk", "_RNvC7mycrate3fooJunk"),
        ("_RB_", "_RB_"),
        ("_RNvB_3foo", "_RNvB_3foo"),
        ("_Random", "_Random"),
        ("_ZN3std2io5stdio6_print17h0123456789abcdefE", "std::io::stdio::_print"),
    ]

    @Test(arguments: golden) func readsTheGrammar(mangled: String, name: String) {
        #expect(Demangler.demangle(mangled).name == name)
        if mangled != name { #expect(Demangler.demangle(mangled).language == .rust) }
    }

    /// Names that would take for ever, or all memory, are shown as they are, at once.
    @Test func boundsHostileNames() {
        let binder = "_RNvMINvC1a1bFGzzzzzzzz_EuEC1a1c"
        // Each tuple holds the one before it twice: 2 to the power of 40.
        var doubling = "_RINvC1a1f"
        var previous = "h"
        for _ in 0..<40 {
            let position = doubling.utf8.count - 2 + 1
            doubling += "T" + previous + previous + "E"
            previous = "B" + Self.base62(position - 1)
        }
        let nesting = "_RINvC1a1f" + String(repeating: "R", count: 10_000) + "hE"
        let digits = "_RNvC" + String(repeating: "9", count: 5_000) + "a"
        let start = ContinuousClock.now
        for name in [binder, doubling + "E", nesting, digits] {
            #expect(Demangler.demangle(name).name == name, "\(name.prefix(40))")
        }
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    private static func base62(_ value: Int) -> String {
        guard value > 0 else { return "_" }
        let digits = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        var rest = value - 1
        var text = ""
        repeat {
            text = String(digits[rest % 62]) + text
            rest /= 62
        } while rest > 0
        return text + "_"
    }

    /// All functions of a program and of the standard library in it, in both manglings, as llvm-nm names them.
    @Test(arguments: ["v0", "legacy"]) func agreesWithLLVM(mangling: String) throws {
        guard Toolchain.has("rustc") else { return }
        let shop = try Workshop()
        var command = ["rustc", "-C", "opt-level=1", "-C", "symbol-mangling-version=\(mangling)"]
        if mangling == "legacy" { command.insert(contentsOf: ["-Z", "unstable-options"], at: 1) }
        let environment = mangling == "legacy" ? ["env", "RUSTC_BOOTSTRAP=1"] : []
        let path = try shop.build(Programs.rust, as: "program.rs", environment + command)
        let tool = "\(Toolchain.swiftBin)/llvm-nm"
        let flags = ["--defined-only", "--no-sort", "--format=just-symbols"]
        let mangled = try Toolchain.run([tool] + flags + [path]).split(separator: "\n").map(String.init)
        let readable = try Toolchain.run([tool, "--demangle"] + flags + [path]).split(separator: "\n").map(String.init)
        #expect(mangled.count == readable.count)
        var compared = 0
        for (mangled, readable) in zip(mangled, readable) where mangled.hasPrefix("_R") {
            // The tool shows what vendors appended.
            let expected = readable.split(separator: " (.").first.map(String.init) ?? readable
            #expect(Demangler.demangle(mangled).name == expected, "\(mangled)")
            compared += 1
        }
        // An older compiler's standard library has the other mangling.
        #expect(compared > 10 || mangling == "legacy")
        let names = Set(mangled.map { Demangler.demangle($0).name })
        #expect(names.contains("program::main"))
        #expect(!names.contains { $0.contains("17h") || $0.contains("$LT$") })
    }
}
