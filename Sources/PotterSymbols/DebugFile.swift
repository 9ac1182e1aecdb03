// SPDX-License-Identifier: Apache-2.0
// Separate debug information, found as gdb finds it, without any network:
//   1. by build-id, in <root>/.build-id/xx/rest.debug
//   2. by .gnu_debuglink: beside the file, in .debug/ beside it, in <root>/<directory of the file>/
// A candidate counts only if its build-id is that of the file, or, without build-ids, if its checksum is right.

import CElf
import Glibc

public enum DebugFile {
    public static let defaultRoots = ["/usr/lib/debug"]

    static func find(for image: ElfImage, buildID: [UInt8], roots: [String]) -> ElfImage? {
        if buildID.count > 1 {
            let name = "/.build-id/\([buildID[0]].hexadecimal)/\(buildID.dropFirst().hexadecimal).debug"
            for root in roots {
                if let found = try? ElfImage(path: root + name), found.readBuildID() == buildID { return found }
            }
        }
        guard let link = readLink(of: image) else { return nil }
        for path in candidates(for: link.name, of: image.path, roots: roots) {
            guard let found = try? ElfImage(path: path) else { continue }
            let foundID = found.readBuildID()
            let hasIDs = !buildID.isEmpty && !foundID.isEmpty
            if hasIDs ? foundID == buildID : checksum(ofFile: path) == link.checksum { return found }
        }
        return nil
    }

    private static func candidates(for name: String, of path: String, roots: [String]) -> [String] {
        // A name with a slash would leave the directory.
        guard !name.isEmpty, !name.contains("/") else { return [] }
        let real = realpath(path, nil)
        defer { free(real) }
        let resolved = real.map { String(cString: $0) } ?? path
        guard let slash = resolved.lastIndex(of: "/") else { return [] }
        let directory = String(resolved[..<slash])
        return ["\(directory)/\(name)", "\(directory)/.debug/\(name)"].filter { $0 != resolved }
            + roots.map { "\($0)\(directory)/\(name)" }
    }

    static func readLink(of image: ElfImage) -> (name: String, checksum: UInt32)? {
        guard let section = image.section(named: ".gnu_debuglink") else { return nil }
        let bytes = image.contents(of: section)
        guard bytes.count >= 8, let end = bytes.firstIndex(of: 0) else { return nil }
        let offset = (end + 4) & ~3
        guard offset + 4 <= bytes.count else { return nil }
        let name = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<end]), as: UTF8.self)
        return (name, bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    private static let checksumTable: [UInt32] = (0..<256).map { byte in
        var crc = UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : (crc >> 1) ^ 0xedb8_8320 }
        return crc
    }

    /// CRC-32 (IEEE 802.3) of a file, which is what .gnu_debuglink holds.
    private static func checksum(ofFile path: String) -> UInt32? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var crc = UInt32.max
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? ~crc : nil }
            for byte in buffer[..<count] { crc = crc >> 8 ^ checksumTable[Int((crc ^ UInt32(byte)) & 0xff)] }
        }
    }
}
