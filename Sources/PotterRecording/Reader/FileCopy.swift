// SPDX-License-Identifier: Apache-2.0
import Glibc

enum FileCopy {
    static func copy(from source: String, to target: String) throws {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw failure("cannot read", source) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw failure("cannot write", target) }
        defer { close(output) }
        while true {
            let count = sendfile(output, input, nil, 1 << 30)
            if count == 0 { return }
            guard count > 0 else { throw failure("cannot copy", source) }
        }
    }

    private static func failure(_ what: String, _ path: String) -> RecordingError {
        let code = errno
        let why = String(cString: strerror(code))
        return RecordingError(
            code == ENOSPC ? .diskFull : .notPermitted, what: what, path: path, why: why,
            advice: "point TMPDIR at a place with room for a copy of the recording")
    }
}
