// SPDX-License-Identifier: Apache-2.0
import CPotterSys

/// Calls `body` on a stack of 8 MiB at least: libdw and the demangler end the program on less (`ulimit -s 128`).
public func withLargeStack(_ body: @convention(c) () -> Void) {
    potter_with_large_stack(body)
}
