// SPDX-License-Identifier: Apache-2.0

/// A code address as it stays true: the module that holds it and the address within that module's file.
///
/// `address` is the pc minus the load bias. For a return address it is the address of the byte before it, so that it
/// lies inside the call. Module 0 is "no module known"; then `address` is absolute.
public struct Location: Hashable, Sendable {
    public var module: Int64
    public var address: UInt64

    public init(module: Int64, address: UInt64) {
        self.module = module
        self.address = address
    }
}
