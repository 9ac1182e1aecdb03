// SPDX-License-Identifier: Apache-2.0
import PotterCore
import PotterProfile

/// What stays in sight above the frames: titles, search field, buttons, details of the frame under the pointer.
///
/// It is drawn after the frames, which it covers: the script moves it along when the graph is scrolled. What is on the
/// right is relative to the right margin, and titles are clipped by an inner `<svg>`, so that the script can give the
/// graph the width of the window.
struct FlameGraphHeader {
    static let height = 78
    /// Room for the search field and the buttons.
    static let controlsWidth = 440

    private static let longestTitle = 120

    /// Of what is drawn.
    let summary: RunSummary
    let part: SelectedPart?
    /// What the frames add up to.
    let drawnNs: Int64
    /// In place of the one about CPU time.
    var ownSubtitle: String?

    func markup(width: Int, margin: Int) -> String {
        let inner = width - 2 * margin
        return """
            <g id="header">
            <rect id="cover" width="100%" height="\(Self.height)" fill="#fff"/>
            <svg id="titles" x="\(margin)" y="0" width="\(inner - Self.controlsWidth)" height="52">
            <text id="command" y="26">\(XMLText.escaped(title))</text>
            <text id="subtitle" y="46">\(XMLText.escaped(subtitle))</text>
            </svg>
            <svg id="line" x="\(margin)" y="52" width="\(inner)" height="22"><text id="details" y="15"> </text></svg>
            <g id="controls" transform="translate(\(width - margin),0)">
            <foreignObject x="-430" y="10" width="240" height="24">
            <input xmlns="http://www.w3.org/1999/xhtml" id="search" type="text" spellcheck="false" \
            placeholder="Search: name or pattern (Ctrl-F)"/>
            </foreignObject>
            \(button("reset", "Reset zoom", x: -180, width: 90))
            \(button("invert", "Icicle", x: -80, width: 80))
            <text id="matched" y="50"> </text>
            </g>
            </g>

            """
    }

    private var title: String {
        PlainText.cut(HeaderText(summary: summary).command, to: Self.longestTitle)
    }

    private var subtitle: String {
        if let ownSubtitle { return ownSubtitle }
        let clocksNs = summary.totals.totalNs
        var parts = [
            "CPU time \(Units.time(clocksNs))", "duration \(Units.time(Int64(clamping: summary.durationNs)))",
            HeaderText.plural(Int(clamping: summary.totals.samples), "sample"),
            HeaderText.plural(summary.threads.count, "thread"),
        ]
        if let selection = SelectionText(summary, part) {
            let share = Units.percent(selection.percent, places: 1)
            parts.insert("\(share) of the recording: \(PlainText.escaped(selection.conditions))", at: 1)
        }
        // Negative [unattributed] time cannot be drawn.
        if drawnNs > clocksNs {
            let more = Units.time(drawnNs - clocksNs)
            parts.append("the frames add up to \(Units.time(drawnNs)), \(more) more than the clocks say")
        }
        return parts.joined(separator: " · ")
    }

    private func button(_ id: String, _ label: String, x: Int, width: Int) -> String {
        """
        <g class="button" id="\(id)"><rect x="\(x)" y="10.5" width="\(width)" height="23" rx="4"/>\
        <text x="\(x + width / 2)" y="26">\(label)</text></g>
        """
    }
}
