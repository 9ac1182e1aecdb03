// SPDX-License-Identifier: Apache-2.0
import Glibc
import PotterRecording

/// Where a document goes: standard output, or a file that is replaced. Buffered; `close` tells whether all arrived.
public final class OutputFile: TextOutputStream {
    private let name: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var failure: Int32 = 0

    private static let bufferSize = 1 << 16

    /// Standard output, or standard error.
    public init(standard descriptor: Int32 = STDOUT_FILENO) {
        name = descriptor == STDERR_FILENO ? "standard error" : "standard output"
        self.descriptor = descriptor
    }

    public init(path: String) throws {
        name = path
        if Self.isRecording(path) {
            throw ExportError(
                what: "cannot write", path: path, why: "a recording is there", advice: "give the document another name")
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.error(path, errno) }
    }

    /// The input, perhaps: nothing that was recorded is to be lost by a slip.
    private static func isRecording(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { _ = Glibc.close(descriptor) }
        return RecordingHeader.isRecording(descriptor)
    }

    public func write(_ text: String) {
        write(text.utf8)
    }

    public func write(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { flush() }
    }

    public func close() throws {
        flush()
        if descriptor > STDERR_FILENO && Glibc.close(descriptor) != 0 && failure == 0 { failure = errno }
        guard failure == 0 else { throw Self.error(name, failure) }
    }

    private func flush() {
        buffer.withUnsafeBytes { bytes in
            var written = 0
            while failure == 0 && written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count >= 0 { written += count } else if errno != EINTR { failure = errno }
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func error(_ path: String, _ code: Int32) -> ExportError {
        ExportError(
            what: "cannot write", path: path, why: String(cString: strerror(code)), advice: "choose another place")
    }
}
