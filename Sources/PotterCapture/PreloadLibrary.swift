// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where `libPotterPreload.so` is, or `libPotterHeap.so`, which is loaded in its place to record the heap.
enum PreloadLibrary {
    static let fileName = "libPotterPreload.so"
    static let heapFileName = "libPotterHeap.so"

    /// The library that records the heap lies beside the other one.
    static func find(override: String?, heap: HeapChoice) throws -> String {
        let plain = try find(override: override)
        guard heap != .off else { return plain }
        let path = plain[..<(plain.lastIndex(of: "/") ?? plain.startIndex)] + "/" + heapFileName
        guard access(String(path), R_OK) == 0 else {
            throw CaptureError("\(path) was not found, which records the heap; run `swift build`, or Scripts/install")
        }
        return String(path)
    }

    /// In order: `--preload-library`, POTTER_PRELOAD_LIBRARY, beside the executable, ../lib/potter-prof.
    static func find(override: String?) throws -> String {
        let candidates = candidates(override: override)
        if let found = candidates.first(where: { access($0, R_OK) == 0 }) {
            guard !found.contains(where: { " :$".contains($0) }) else {
                throw CaptureError(
                    "the recorder library \(found) cannot be preloaded: LD_PRELOAD has no way to write a blank, `:` or "
                        + "`$` in a path; install it elsewhere, and name it with --preload-library")
            }
            return found
        }
        throw CaptureError(
            "the recorder library was not found; tried \(candidates.joined(separator: ", ")); "
                + "run `swift build` (not `swift build --product`), or Scripts/install")
    }

    private static func candidates(override: String?) -> [String] {
        if let override { return [absolute(override)] }
        if let variable = getenv("POTTER_PRELOAD_LIBRARY") { return [absolute(String(cString: variable))] }
        let executable = ProcFiles.executable(of: getpid()) ?? ""
        let directory = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let beside = directory.joined(separator: "/")
        let above = directory.dropLast().joined(separator: "/")
        return ["\(beside)/\(fileName)", "\(above)/lib/potter-prof/\(fileName)"]
    }

    static func absolute(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
