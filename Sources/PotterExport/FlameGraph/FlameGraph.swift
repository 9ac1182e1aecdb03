// SPDX-License-Identifier: Apache-2.0
// A flame graph as one SVG file: no network, no second file, readable without scripts as well.
//
//   ┌ title                       [search] [Reset zoom] [Icicle] ┐  stays in sight: FlameGraphHeader
//   │ subtitle                                  matched 12.3 %   │
//   ├ details of the frame under the pointer ────────────────────┤
//   │                 ┌ c ┐                                      │
//   │       ┌── b ────┴───┴┐      ┌ d ┐                          │
//   │ ┌──── a ─────────────┴──────┴───┴┐                         │  a frame is a <g class="f"> with its numbers in
//   │ └──────────────── all ───────────┘                         │  data-s, data-w (nanoseconds), data-l (level)
//   └ legend ────────────────────────────────────────────────────┘
//
// Zoom, search, the icicle view and the width of the window are FlameGraphScript's: it only moves what is here. A graph
// that is taller than the window opens as an icicle, so that its root is in sight.
import PotterCore
import PotterProfile

public struct FlameGraph {
    static let width = 1200
    static let margin = 12
    static let frameHeight = 17
    static let top = FlameGraphHeader.height + 4
    static let bottom = 46
    /// Frames narrower than this are counted, not drawn.
    static let leastPixels = 0.1

    /// From this width on frames have an edge, which narrower ones would consist of.
    static let edgePixels = 4.0

    private let profile: Profile
    private let layout: FlameGraphLayout
    private let unit: WeightUnit
    /// Of what is drawn, where that is not CPU time.
    private let subtitle: String?

    public init(_ profile: Profile, tree: CallTree, unit: WeightUnit = .nanoseconds, subtitle: String? = nil) {
        self.profile = profile
        (self.unit, self.subtitle) = (unit, subtitle)
        layout = FlameGraphLayout(
            profile, tree: tree, pixels: Self.width - 2 * Self.margin, leastPixels: Self.leastPixels)
    }

    /// Frames drawn.
    public var frameCount: Int { layout.frames.count }

    public func write(to output: OutputFile) {
        output.write(opening)
        output.write("<g id=\"frames\" transform=\"translate(\(Self.margin),\(Self.top))\">\n")
        let functions = profile.functions.enumerated().map { FlameGraphFunction($1, isRoot: $0 == 0) }
        for frame in layout.frames { output.write(markup(of: frame, functions[frame.function])) }
        output.write("</g>\n")
        output.write(legend)
        output.write(footer)
        let header = FlameGraphHeader(
            summary: profile.summary, part: profile.part, drawnNs: layout.totalNs, ownSubtitle: subtitle)
        output.write(header.markup(width: Self.width, margin: Self.margin))
        output.write("<script type=\"text/javascript\"><![CDATA[\n\(FlameGraphScript.text)\n]]></script>\n</svg>\n")
    }

    // MARK: Frames

    private var height: Int { Self.top + layout.levels * Self.frameHeight + Self.bottom }

    private func pixels(_ ns: Int64) -> Double {
        Double(ns) * Double(Self.width - 2 * Self.margin) / Double(max(1, layout.totalNs))
    }

    private func markup(of frame: FlameGraphLayout.Frame, _ function: FlameGraphFunction) -> String {
        let x = Units.decimal(pixels(frame.startNs), places: 3)
        let width = pixels(frame.widthNs)
        let y = (layout.levels - 1 - frame.level) * Self.frameHeight
        var text = "<g class=\"f\" data-s=\"\(frame.startNs)\" data-w=\"\(frame.widthNs)\" data-l=\"\(frame.level)\">"
        text += "<title>\(function.title)\(numbers(frame))</title>"
        let edge = width >= Self.edgePixels ? " wide" : ""
        text += "<rect class=\"\(function.styleClass)\(edge)\" x=\"\(x)\" y=\"\(y)\""
        text += " width=\"\(Units.decimal(width, places: 3))\" height=\"\(Self.frameHeight - 1)\"/>"
        if let label = function.label(pixels: width) {
            text += "<text x=\"\(Units.decimal(pixels(frame.startNs) + 3, places: 1))\" y=\"\(y + 12)\">\(label)</text>"
        }
        return text + "</g>\n"
    }

    private func numbers(_ frame: FlameGraphLayout.Frame) -> String {
        var text = "\n\(unit.text(frame.widthNs)) (\(percent(frame.widthNs)))"
        if frame.selfNs > 0 && frame.selfNs != frame.widthNs {
            text += ", self \(unit.text(frame.selfNs)) (\(percent(frame.selfNs)))"
        }
        return text + ", \(HeaderText.plural(Int(clamping: frame.samples), unit.one))"
    }

    private func percent(_ ns: Int64) -> String {
        Units.percent(100 * Double(ns) / Double(max(1, layout.totalNs)))
    }

    // MARK: Around the frames

    private var opening: String {
        """
        <?xml version="1.0" encoding="UTF-8" standalone="no"?>
        <svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="\(Self.width)" height="\(height)" \
        viewBox="0 0 \(Self.width) \(height)" data-total="\(layout.totalNs)" data-unit="\(unit.rawValue)" \
        data-levels="\(layout.levels)">
        <title>\(XMLText.escaped("Flame graph: " + HeaderText(summary: profile.summary).command))</title>
        <style>
        \(FlameGraphStyle.text)\(FlameGraphPalette.rules(for: categories))</style>
        <rect width="100%" height="100%" fill="#fff"/>

        """
    }

    private var categories: Set<FunctionCategory> {
        Set(Set(layout.frames.map(\.function)).subtracting([0]).map { FunctionCategory(profile.functions[$0]) })
    }

    private var legend: String {
        let y = height - Self.bottom + 12
        var x = Self.margin
        var text = "<g id=\"legend\">\n"
        for hue in FlameGraphPalette.hues where categories.contains(hue.category) {
            text += "<rect class=\"\(hue.category)2\" x=\"\(x)\" y=\"\(y)\" width=\"11\" height=\"11\"/>"
            text += "<text x=\"\(x + 16)\" y=\"\(y + 10)\">\(hue.name)</text>\n"
            x += 32 + hue.name.count * 7
        }
        return text + "</g>\n"
    }

    private var footer: String {
        guard layout.hidden.count > 0 else { return "" }
        let note =
            "\(HeaderText.plural(layout.hidden.count, "frame")) narrower than \(Self.leastPixels) px not drawn "
            + "(\(percent(layout.hidden.weightNs)) of the \(unit.heading))"
        return "<text id=\"hidden\" x=\"\(Self.margin)\" y=\"\(height - 4)\">\(note)</text>\n"
    }
}
