// SPDX-License-Identifier: Apache-2.0

/// Arithmetic on what a target claims: it saturates. The target may be hostile, and a trap of ours would end the
/// recording of everything else.
extension UInt64 {
    func plus(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// 0 where `other` is more.
    func minus(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }

    static func sum(_ values: some Sequence<UInt64>) -> UInt64 { values.reduce(0) { $0.plus($1) } }
}
