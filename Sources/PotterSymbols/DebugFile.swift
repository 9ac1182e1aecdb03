// SPDX-License-Identifier: Apache-2.0
// Separate debug information, found as gdb finds it, without any network:
//   1. by build-id, in <debug directory>/.build-id/xx/rest.debug
//   2. by .gnu_debuglink: beside the file, in .debug/ beside it, in <debug directory>/<directory of the file>/
//   3. what dwz moved out of a debug file, by .gnu_debugaltlink
// A candidate counts only if its build-id is that of the file, or, without build-ids, if its checksum is right.

import CElf
import Glibc

public enum DebugFile {
    public static let defaultRoots = ["/usr/lib/debug"]

    /// By build-id alone: the module's own file may be gone.
    static func find(buildID: [UInt8], roots: [String]) -> ElfImage? {
        guard buildID.count > 1 else { return nil }
        let name = "/.build-id/\(buildID.prefix(1).hexadecimal)/\(buildID.dropFirst().hexadecimal).debug"
        return roots.lazy.compactMap { try? ElfImage(path: $0 + name) }.first { $0.readBuildID() == buildID }
    }

    static func find(for image: ElfImage, buildID: [UInt8], places: SymbolPlaces) -> ElfImage? {
        if let found = find(buildID: buildID, roots: places.debugRoots) { return found }
        guard let link = readLink(of: image) else { return nil }
        for path in candidates(for: link.name, of: image, places: places) {
            guard let found = try? ElfImage(path: path) else { continue }
            let foundID = found.readBuildID()
            let hasIDs = !buildID.isEmpty && !foundID.isEmpty
            if hasIDs ? foundID == buildID : checksum(ofFile: path) == link.checksum { return found }
        }
        return nil
    }

    private static func candidates(for name: String, of image: ElfImage, places: SymbolPlaces) -> [String] {
        // A name with a slash would leave the directory.
        guard !name.isEmpty, !name.contains("/") else { return [] }
        let resolved = resolve(places.root + image.path)
        guard let slash = resolved.lastIndex(of: "/") else { return [] }
        let directory = String(resolved[..<slash])
        let root = places.root.isEmpty ? "" : resolve(places.root)
        let inRoot = directory.hasPrefix(root) ? String(directory.dropFirst(root.count)) : directory
        return ["\(directory)/\(name)", "\(directory)/.debug/\(name)"].filter { $0 != resolved }
            + places.debugRoots.map { "\($0)\(inRoot)/\(name)" }
    }

    private static func resolve(_ path: String) -> String {
        let real = realpath(path, nil)
        defer { free(real) }
        return real.map { String(cString: $0) } ?? path
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

    // MARK: dwz

    /// The file that several debug files share, which `dwz -m` made; nil if there is none or it is another one.
    static func findShared(for image: ElfImage, places: SymbolPlaces) -> ElfImage? {
        guard let section = image.section(named: ".gnu_debugaltlink") else { return nil }
        let bytes = image.contents(of: section)
        guard let end = bytes.firstIndex(of: 0), end > 0 else { return nil }
        let name = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<end]), as: UTF8.self)
        let buildID = Array(bytes[(end + 1)...])
        if let found = find(buildID: buildID, roots: places.debugRoots) { return found }
        let directory = image.file.lastIndex(of: "/").map { String(image.file[..<$0]) } ?? "."
        let path = name.hasPrefix("/") ? places.root + name : "\(directory)/\(name)"
        guard let found = try? ElfImage(path: path), found.readBuildID() == buildID else { return nil }
        return found
    }

    // MARK: Checksum

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
