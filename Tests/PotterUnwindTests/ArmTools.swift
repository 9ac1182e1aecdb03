// SPDX-License-Identifier: Apache-2.0
// Debian's arm64 libraries (packages *-arm64-cross), programs compiled for arm64 by the toolchain's own clang, and tables
// of both.

import CPotterWire
import Foundation

@testable import PotterSymbols

enum ArmTools {
    static let libraries = "/usr/aarch64-linux-gnu/lib"
    static let directory = FileManager.default.temporaryDirectory
        .appending(path: "potter-arm-\(ProcessInfo.processInfo.processIdentifier)")

    /// Scripts/setup test installs what is asked for here.
    static let isInstalled =
        FileManager.default.fileExists(atPath: libraries + "/libc.so.6") && TestTools.isInstalled("qemu-aarch64")

    /// The emulator, to be followed by a program of arm64. `-cpu max`: with signed return addresses.
    static func emulator(_ flags: [String] = []) -> [String] {
        let root = URL(filePath: libraries).deletingLastPathComponent().path
        return ["timeout", "300", "qemu-aarch64", "-cpu", "max", "-L", root] + flags
    }

    /// Compiles for arm64. Its result is removed with the process.
    static func compile(_ sources: [String], _ flags: [String], to name: String, by compiler: String = "clang") throws
        -> URL
    {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: ArmTools.directory) }
        let output = directory.appending(path: name)
        let isClang = compiler.hasPrefix("clang")
        let command = [compiler, "-g"] + (isClang ? ["--target=aarch64-linux-gnu", "-fuse-ld=lld"] : [])
        _ = try TestTools.check(command + flags + ["-o", output.path] + Harness.includes + sources)
        return output
    }
}

/// A table whose rules name layouts.
struct ArmTable {
    let view: UnwindTableView
    let layouts: [pp_unwind_layout]

    /// Nil if an invariant is broken.
    init?(_ blob: [UInt8]) {
        guard let view = UnwindTableView(blob) else { return nil }
        let start = view.header.layouts == 0 ? blob.count : Int(view.header.layouts)
        guard start >= Int(view.header.first), start == blob.count || start % 16 == 0, (blob.count - start) % 16 == 0
        else { return nil }
        self.view = view
        layouts = blob.withUnsafeBytes { bytes in
            stride(from: start, to: bytes.count, by: 16).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: pp_unwind_layout.self)
            }
        }
        let named = view.rows.map { UInt32(truncatingIfNeeded: $0) }.filter(Self.namesLayout)
        guard named.allSatisfy({ $0 >> 4 < layouts.count }) else { return nil }
    }

    static func namesLayout(_ rule: UInt32) -> Bool {
        rule & 15 == PP_UNWIND_AT_SP.rawValue || rule & 15 == PP_UNWIND_AT_FP.rawValue
    }

    /// The rule at a file-relative address in words: `sp+32 ra-24 fp-32 x22=`, `end`, `other`, `none`, `signal`.
    func rule(at address: UInt64) -> String {
        let rule = view.rule(at: address)
        switch rule.kind {
        case PP_UNWIND_NONE.rawValue: return "none"
        case PP_UNWIND_END.rawValue: return "end"
        case PP_UNWIND_OTHER.rawValue: return "other"
        case PP_UNWIND_SIGNAL.rawValue: return "signal"
        case PP_UNWIND_AT_SP.rawValue, PP_UNWIND_AT_FP.rawValue:
            let layout = layouts[Int(rule.bits >> 4)]
            let register = rule.kind == PP_UNWIND_AT_SP.rawValue ? "sp" : "x29"
            return "\(register)\(Self.signed(layout.cfa)) ra\(Self.place(layout.ra)) fp\(Self.place(layout.fp))"
                + " x22\(Self.place(layout.async))"
        default: return "kind \(rule.kind), which arm64 does not have"
        }
    }

    private static func place(_ place: Int32) -> String {
        switch place {
        case PP_SAVED_SAME: "="
        case PP_SAVED_LOST: "?"
        default: signed(place)
        }
    }

    private static func signed(_ value: Int32) -> String { value < 0 ? "\(value)" : "+\(value)" }
}
