// SPDX-License-Identifier: Apache-2.0

/// The search field and the buttons, at the upper right.
enum FlameGraphControls {
    static func markup(width: Int, margin: Int) -> String {
        let right = width - margin
        return """
            <foreignObject x="\(right - 430)" y="10" width="240" height="24">
            <input xmlns="http://www.w3.org/1999/xhtml" id="search" type="text" spellcheck="false" \
            placeholder="Search: name or pattern (Ctrl-F)"/>
            </foreignObject>
            \(button("reset", "Reset zoom", x: right - 180, width: 90))
            \(button("invert", "Icicle", x: right - 80, width: 80))
            <text id="matched" x="\(right)" y="52"> </text>
            """
    }

    private static func button(_ id: String, _ label: String, x: Int, width: Int) -> String {
        """
        <g class="button" id="\(id)"><rect x="\(x)" y="10.5" width="\(width)" height="23" rx="4"/>\
        <text x="\(x + width / 2)" y="26">\(label)</text></g>
        """
    }
}
