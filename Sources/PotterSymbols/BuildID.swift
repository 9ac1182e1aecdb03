// SPDX-License-Identifier: Apache-2.0

public enum BuildID {
    /// The GNU build-id of an ELF file; empty where it has none or is no ELF file. Reads headers and notes only.
    public static func ofFile(_ path: String) -> [UInt8] {
        (try? ElfImage(path: path))?.readBuildID() ?? []
    }
}
