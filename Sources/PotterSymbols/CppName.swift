// SPDX-License-Identifier: Apache-2.0

/// Demangled C++ names, made shorter where the long form says nothing: as c++filt, but `std::string`.
enum CppName {
    private static let replacements: [(String, String)] = [
        ("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"),
        ("std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >", "std::string"),
        ("std::basic_string_view<char, std::char_traits<char> >", "std::string_view"),
        ("[abi:cxx11]", ""),
    ]

    static func readable(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "<")) || name.utf8.contains(UInt8(ascii: "[")) else { return name }
        return replacements.reduce(name) { $0.replacing($1.0, with: $1.1) }
    }
}
