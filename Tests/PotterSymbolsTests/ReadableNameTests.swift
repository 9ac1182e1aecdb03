// SPDX-License-Identifier: Apache-2.0
// Names of every kind that C++ and Swift have, in programs that are built here, against the tools of the toolchain.

import Foundation
import PotterSymbols
import Testing

@Suite struct ReadableNameTests {
    /// All mangled functions of a program.
    private func names(in path: String, prefix: String) throws -> [String] {
        let all = try NamedSymbol.functions(in: path).map(\.name).filter { $0.hasPrefix(prefix) && !$0.contains(".") }
        return Set(all).sorted()
    }

    // MARK: Swift

    /// Without what says how the compiler made it.
    private static func plain(_ name: Substring) -> String {
        var rest = name[...]
        let variants = ["partial apply for ", "specialized ", "merged ", "dispatch thunk of ", "curry thunk of "]
        while let variant = variants.first(where: { rest.hasPrefix($0) }) { rest = rest.dropFirst(variant.count) }
        let placeholders = #/([A-Za-z0-9_])<(?:[A-Z][0-9]*(?:, [A-Z][0-9]*)*)?>([. (]|$)/#
        return String(rest).replacing(placeholders) { "\($0.1)\($0.2)" }
    }

    @Test(arguments: ["-Onone", "-O"]) func swiftNames(optimization: String) throws {
        let shop = try Workshop()
        let path = try shop.build(
            Programs.swiftNames, as: "Names.swift",
            ["\(Toolchain.swiftBin)/swiftc", optimization, "-parse-as-library", "-module-name", "names"])
        let mangled = try names(in: path, prefix: "$s")
        let tool = try Toolchain.run(
            ["\(Toolchain.swiftBin)/swift-demangle", "--compact", "--simplified"],
            input: mangled.joined(separator: "\n") + "\n")
        let expected = tool.split(separator: "\n")
        #expect(mangled.count == expected.count && mangled.count > 80)
        for (mangled, expected) in zip(mangled, expected) where !expected.contains("protocol witness for ") {
            #expect(Demangler.demangle(mangled).name == Self.plain(expected), "\(mangled)")
        }
        guard optimization == "-Onone" else { return }
        let readable = Set(mangled.map { Demangler.demangle($0).name })
        let wanted = [
            "Vec.both.getter", "Vec.both.setter", "Vec.both.modify", "Vec.watched.didset", "Vec.subscript.getter",
            "Vec.later.getter", "closure #1 in Vec.later.getter", "Vec.init(_:y:)", "static Vec.+ infix(_:_:)",
            "static Vec.zero.getter", "Vec.map(_:)", "closure #1 in closure #1 in <+> infix(_:_:)", "Base.init(n:)",
            "Base.__allocating_init(n:)", "Base.deinit", "Base.__deallocating_deinit", "static Base.make()", "Sub.go()",
            "Walker.twice(_:)", "Dog.walk(_:)", "Array.total()", "closure #1 in Array.total()", "Counter.up()",
            "nested #1 (_:) in outer(_:)", "global.unsafeMutableAddressor",
            "default argument 0 of withDefault(_:label:)",
            "one-time initialization function for global", "generic(_:)", "throwing(_:)", "static Main.main()",
        ]
        #expect(readable.isSuperset(of: wanted), "\(Set(wanted).subtracting(readable))")
    }

    // MARK: C++

    @Test(arguments: ["-O0", "-O2"], ["g++", "\(Toolchain.swiftBin)/clang++"])
    func cppNames(optimization: String, compiler: String) throws {
        let shop = try Workshop()
        let path = try shop.build(Programs.cppNames, as: "names.cpp", [compiler, "-std=c++17", optimization])
        let mangled = try names(in: path, prefix: "_Z")
        let tool = try Toolchain.run(["c++filt"], input: mangled.joined(separator: "\n") + "\n")
        let expected = tool.split(separator: "\n").map(String.init)
        #expect(mangled.count == expected.count && mangled.count > (optimization == "-O0" ? 80 : 4))
        // Versions of the demangler differ in what they write within `decltype`.
        for (mangled, expected) in zip(mangled, expected) where !expected.contains("decltype") {
            let name = Demangler.demangle(mangled).name
            #expect(Self.isSame(name, expected), "\(mangled): \(name) instead of \(expected)")
        }
        guard optimization == "-O0", compiler == "g++" else { return }
        let readable = Set(mangled.map { Demangler.demangle($0).name })
        let wanted = [
            "app::v1::(anonymous namespace)::Ring<int, 4>::operator()(int) const",
            "app::v1::(anonymous namespace)::Ring<int, 4>::operator bool() const",
            "app::v1::(anonymous namespace)::Ring<std::string, 2>::operator+=(std::string const&)",
            "app::v1::(anonymous namespace)::Ring<int, 4>::~Ring()", "operator\"\" _km(unsigned long long)",
            "Point::operator new(unsigned long)", "main::{lambda(int)#2}::operator()(int) const", "choose(bool)",
            "choose(bool)::{lambda(int)#1}::_FUN(int)", "int count<int, char, double>(int&&, char&&, double&&)",
        ]
        #expect(readable.isSuperset(of: wanted), "\(Set(wanted).subtracting(readable))")
    }

    /// Equal but for `std::string` and blanks.
    private static func isSame(_ name: String, _ expected: String) -> Bool {
        let long = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"
        let view = "std::basic_string_view<char, std::char_traits<char> >"
        let short = expected.replacing(long, with: "std::string").replacing(view, with: "std::string_view")
            .replacing("[abi:cxx11]", with: "")
        return name.replacing(" ", with: "") == short.replacing(" ", with: "")
    }
}
