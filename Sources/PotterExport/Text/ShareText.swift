// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// A share and how far the true one may be from it, as cells of a table: `~20.22%` and `±0.92`.
enum ShareText {
    /// Of the column beside a share.
    static let heading = "±95%"

    /// Below a table that has ties.
    static let tieNote = "  ~ samples cannot tell it from the row above (95% confidence)"

    static func percent(_ percent: Double, isTie: Bool = false) -> String {
        (isTie ? "~" : "") + Units.percent(percent)
    }

    /// The farther end of the interval; empty for what clocks say exactly.
    static func margin(_ interval: ShareInterval, around percent: Double) -> String {
        let margin = interval.margin(around: percent)
        return margin == 0 ? "" : "±" + Units.decimal(margin, places: margin < 9.995 ? 2 : 1)
    }
}
