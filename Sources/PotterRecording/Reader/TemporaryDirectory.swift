// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A private directory with a name of its own.
struct TemporaryDirectory {
    let path: String

    static var defaultParent: String {
        getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    }

    init(in parent: String) throws {
        var template = Array("\(parent)/potter-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RecordingError(
                .notPermitted, what: "cannot create a directory in", path: parent,
                why: String(cString: strerror(errno)),
                advice: "point TMPDIR at a place that you may write to")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes the directory and the files in it.
    func remove() {
        if let listing = opendir(path) {
            while let entry = readdir(listing) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(listing)
        }
        rmdir(path)
    }
}
