// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterSymbols

/// Where names of other people's libraries come from on this machine.
struct SymbolChecks {
    /// Never worse than ok: without it functions of libc that it does not export show as `[libc.so.6+0x1234]`.
    var debugFiles: DoctorCheck {
        let id = "symbols.debug_files"
        guard let libc = Self.libc, let facts = try? ModuleFacts(path: libc) else {
            return DoctorCheck(id, "debug files", .ok, "libc was not found among the files of this process")
        }
        if let file = facts.debugFile?.path {
            return DoctorCheck(id, "debug files", .ok, "libc's are installed: \(file)")
        }
        let folder = DebugFile.defaultRoots.first.map { $0 + "/.build-id" } ?? ""
        let others =
            access(folder, R_OK) == 0 ? "\(folder) is there, but libc's file is not in it" : "none in \(folder)"
        return DoctorCheck(
            id, "debug files", .ok,
            "\(others): functions that libc does not export have no names",
            do: "install those of libc where its inner functions matter",
            run: access("/etc/debian_version", F_OK) == 0 ? "sudo apt-get install libc6-dbg" : nil)
    }

    private static var libc: String? {
        ProcFiles.read("/proc/self/maps")?.split(separator: "\n")
            .first { $0.hasSuffix("/libc.so.6") || $0.contains("/libc-2.") }
            .flatMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
    }
}
