// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Writes to stderr, in one call so that lines of two processes do not mix.
func writeError(_ text: String) {
    var bytes = Array(text.utf8)
    while !bytes.isEmpty {
        let n = write(STDERR_FILENO, bytes, bytes.count)
        guard n > 0 else { return }
        bytes.removeFirst(n)
    }
}

/// A message of potter-prof: one line.
public func say(_ message: String) {
    writeError("potter-prof: \(message)\n")
}
