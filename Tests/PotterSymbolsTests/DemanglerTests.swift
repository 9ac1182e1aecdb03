// SPDX-License-Identifier: Apache-2.0

import Foundation
import PotterSymbols
import Testing

@Suite struct DemanglerTests {
    struct Golden: CustomTestStringConvertible {
        var mangled: String
        var name: String
        var module: String?
        var language: Language

        init(_ mangled: String, _ name: String, _ module: String?, _ language: Language = .swift) {
            self.mangled = mangled
            self.name = name
            self.module = module
            self.language = language
        }

        var testDescription: String { mangled }
    }

    static let swift = [
        Golden("$s4main3FooV3bar5labelySi_tF", "Foo.bar(label:)", "main"),
        Golden("$s4main3FooV3bar5labelySi_tYaFTY0_", "Foo.bar(label:)", "main"),
        Golden("$s4main3FooV3bar5labelySi_tYaFTQ1_", "Foo.bar(label:)", "main"),
        Golden("$s4main3FooV3bar5labelySi_tFyyXEfU_", "closure #1 in Foo.bar(label:)", "main"),
        Golden("$s4main3FooV3bar5labelySi_tFyyXEfU_TA", "closure #1 in Foo.bar(label:)", "main"),
        Golden("$s4main3FooV3bar5labelySi_tFyyXEfU_TA.63", "closure #1 in Foo.bar(label:)", "main"),
        Golden("$sSaMa", "type metadata accessor for Array", "Swift"),
        Golden("$ss5print_9separator10terminatoryypd_S2StF", "print(_:separator:terminator:)", "Swift"),
        Golden("$sSS6appendyySSF", "String.append(_:)", "Swift"),
        Golden("$sSa6appendyyxnFSi_Tg5", "Array.append(_:)", "Swift"),
        Golden("$sSayxGSTsST12makeIterator0B0QzyFTW", "Array.makeIterator()", "Swift"),
        Golden("$s3sww1CCAA1PA2aDP2goyS2iFTW", "C.go(_:)", "sww"),
        Golden("$s3sww1CC5itemsSayAA4ItemVGvM.resume.0", "C.items.modify", "sww"),
        Golden("$s4main1pSivg", "p.getter", "main"),
        Golden("$s4main3FooVACycfC", "Foo.init()", "main"),
        Golden("$s4main3FooCfD", "Foo.__deallocating_deinit", "main"),
        Golden("$s3sww1MV4mainyyYaFZTf4d_nTQ1_", "static M.main()", "sww"),
        Golden("$sSa3swwSiRszlE5totalSiyF", "Array.total()", "sww"),
        Golden(
            "$ss22__RawDictionaryStorageC4findys10_HashTableV6BucketV6bucket_Sb5foundtxSHRzlFSS_Tg5",
            "__RawDictionaryStorage.find(_:)", "Swift"),
        Golden("$sSi1loiySbSi_SitFZ", "static Int.< infix(_:_:)", "Swift"),
        Golden("$sIeg_IeyB_TR", "thunk for @escaping @callee_guaranteed () -> ()", nil),
        Golden("$s10Foundation8NSNumberCMa", "type metadata accessor for NSNumber", "Foundation"),
    ]

    static let others = [
        Golden("_ZN3app6Square4areaEv", "app::Square::area()", nil, .cpp),
        Golden(
            "_ZNSt6vectorIiSaIiEE9push_backEOi",
            "std::vector<int, std::allocator<int> >::push_back(int&&)", nil, .cpp),
        Golden("_Z3fooRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", "foo(std::string const&)", nil, .cpp),
        Golden("_ZN3app5buildEi.constprop.0", "app::build(int)", nil, .cpp),
        Golden("_ZN3app5buildEi.isra.0.cold", "app::build(int)", nil, .cpp),
        Golden("_ZN3app5buildEi.part.0.llvm.123456", "app::build(int)", nil, .cpp),
        Golden("_ZN3std2io5stdio6_print17h0123456789abcdefE", "std::io::stdio::_print", nil, .rust),
        Golden(
            "_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE",
            "core::ptr::drop_in_place<alloc::string::String>", nil, .rust),
        Golden(
            "_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h0123456789abcdefE",
            "core::ops::function::FnOnce::call_once{{vtable.shim}}", nil, .rust),
        Golden("_RNvCs1234_7mycrate3foo", "mycrate::foo", nil, .rust),
        Golden("malloc", "malloc", nil, .c),
        Golden("malloc@plt", "malloc@plt", nil, .c),
        Golden("_ZN3app6Square4areaEv@plt", "app::Square::area()@plt", nil, .cpp),
        Golden("work.cold", "work", nil, .c),
        Golden("work.7", "work.7", nil, .c),
        Golden("_Znot_mangled", "_Znot_mangled", nil, .c),
        Golden("$snonsense", "$snonsense", nil, .swift),
        Golden("", "", nil, .c),
        Golden(".", ".", nil, .c),
    ]

    @Test(arguments: swift + others) func golden(case golden: Golden) {
        let found = Demangler.demangle(golden.mangled)
        #expect(found == DemangledName(name: golden.name, module: golden.module, language: golden.language))
    }

    /// Where nothing is folded, the name is what `swift demangle --compact --simplified` says.
    @Test func agreesWithTheTool() throws {
        let library = "\(Toolchain.swiftBin)/../lib/swift/linux/libswift_Concurrency.so"
        let names = try NamedSymbol.functions(in: library).map(\.name).filter {
            $0.hasPrefix("$s") && !$0.contains(".")
        }
        #expect(names.count > 500)
        let tool = try Toolchain.run(
            ["\(Toolchain.swiftBin)/swift-demangle", "--compact", "--simplified"],
            input: names.joined(separator: "\n") + "\n")
        var compared = 0
        for (mangled, expected) in zip(names, tool.split(separator: "\n")) {
            let name = Demangler.demangle(mangled).name
            if expected.contains("<") || expected.hasPrefix("[") { continue }
            if expected.contains("protocol witness for ") {
                #expect(!name.contains("witness for "))
            } else {
                #expect(expected.hasSuffix(name), "\(mangled)")
                compared += 1
            }
        }
        #expect(compared > 300)
    }

    /// All code of a program with async functions, closures and specializations has a readable name.
    @Test func leavesNothingMangled() throws {
        let shop = try Workshop()
        let path = try shop.build(
            Programs.swift, as: "Program.swift", ["\(Toolchain.swiftBin)/swiftc", "-O", "-parse-as-library"])
        let names = try NamedSymbol.functions(in: path).map(\.name).filter { $0.hasPrefix("$s") }
        let readable = Dictionary(grouping: names) { Demangler.demangle($0).name }
        #expect(names.count > 30)
        #expect(readable.keys.allSatisfy { !$0.hasPrefix("$s") && !$0.contains("specialized ") })
        #expect((readable["static Program.main()"] ?? []).count > 2, "the funclets of an async function fall together")
        #expect(readable["Array.total()"] != nil)
    }

    @Test func standsHostileNames() {
        #expect(Demangler.demangle("$s" + String(repeating: "4main", count: 10_000)).language == .c)
        for seed in 1...500 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var bytes = Array(Self.swift[Int(seed) % Self.swift.count].mangled.utf8)
            bytes[Int.random(in: 2..<bytes.count, using: &random)] = UInt8.random(in: 0x21...0x7e, using: &random)
            #expect(!Demangler.demangle(String(decoding: bytes, as: UTF8.self)).name.isEmpty)
        }
    }
}
