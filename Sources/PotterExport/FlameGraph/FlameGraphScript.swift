// SPDX-License-Identifier: Apache-2.0
// What the flame graph's own script does. It draws nothing that is not in the file: it moves and hides frames.
// Must not contain the end of a CDATA section.

enum FlameGraphScript {
    static let text = #"""
        "use strict";
        (function () {
        var svg = document.documentElement, group = document.getElementById("frames");
        var MARGIN = \#(FlameGraph.margin), HEIGHT = \#(FlameGraph.frameHeight), LEAST = 760;
        var CONTROLS = \#(FlameGraphHeader.controlsWidth), CHARACTER = \#(FlameGraphFunction.characterPixels);
        var SVG = "http://www.w3.org/2000/svg", graphWidth = \#(FlameGraph.width - 2 * FlameGraph.margin);
        var height = svg.height.baseVal.value, header = document.getElementById("header");
        var total = Number(svg.dataset.total), levels = Number(svg.dataset.levels);
        var search = document.getElementById("search"), matched = document.getElementById("matched");
        var details = document.getElementById("details");
        var frames = Array.from(group.children, function (g) {
          var lines = g.firstElementChild.textContent.split("\n");
          return {g: g, rect: g.children[1], text: g.children[2] || null, name: lines[0], module: lines[1] || "",
                  numbers: lines[2] || "", start: Number(g.dataset.s), width: Number(g.dataset.w),
                  level: Number(g.dataset.l)};
        });
        var frameOf = new Map(frames.map(function (frame) { return [frame.g, frame]; }));
        var zoomed = frames[0], inverted = false;

        function top(frame) { return (inverted ? frame.level : levels - 1 - frame.level) * HEIGHT; }

        // Shows the name, as much of it as fits; frames narrow at first get their text when they need it.
        function label(frame, x, width) {
          var room = Math.floor((width - 5) / CHARACTER);
          if (room < 3) { if (frame.text) frame.text.textContent = ""; return; }
          if (!frame.text) {
            frame.text = document.createElementNS(SVG, "text");
            frame.g.appendChild(frame.text);
          }
          frame.text.textContent =
            frame.name.length <= room ? frame.name : frame.name.slice(0, room - 1) + "\u2026";
          frame.text.setAttribute("x", (x + 3).toFixed(1));
          frame.text.setAttribute("y", top(frame) + 12);
        }

        function place(frame) {
          var from = zoomed.start, width = Math.max(1, zoomed.width), end = from + width;
          var isAncestor = frame.level < zoomed.level && frame.start <= from && frame.start + frame.width >= end;
          var isInside = frame.level >= zoomed.level && frame.start >= from && frame.start + frame.width <= end;
          frame.g.classList.toggle("hidden", !isAncestor && !isInside);
          frame.g.classList.toggle("ancestor", isAncestor);
          if (!isAncestor && !isInside) return;
          var x = isAncestor ? 0 : (frame.start - from) / width * graphWidth;
          var pixels = isAncestor ? graphWidth : frame.width / width * graphWidth;
          frame.rect.setAttribute("x", x.toFixed(3));
          frame.rect.setAttribute("y", top(frame));
          frame.rect.setAttribute("width", pixels.toFixed(3));
          frame.rect.classList.toggle("wide", pixels >= 4);
          label(frame, x, pixels);
        }

        function draw() { frames.forEach(place); }

        function zoom(frame) { zoomed = frame; draw(); find(); }

        // Time in frames that match, each nanosecond once: frames come callers first, so a match inside a match is
        // one that starts before the end of the last outermost one on its way to the root.
        function find() {
          var pattern = search.value, test = null, sum = 0, open = [];
          if (pattern) {
            try { var expression = new RegExp(pattern, "i"); test = function (text) { return expression.test(text); }; }
            catch (error) {
              var plain = pattern.toLowerCase();
              test = function (text) { return text.toLowerCase().indexOf(plain) >= 0; };
            }
          }
          var outermost = [];
          frames.forEach(function (frame) {
            var found = test !== null && (test(frame.name) || test(frame.module));
            frame.g.classList.toggle("found", found);
            if (found && !frame.g.classList.contains("hidden") && !frame.g.classList.contains("ancestor"))
              outermost.push(frame);
          });
          outermost.sort(function (a, b) { return a.start - b.start || a.level - b.level; });
          var end = -1;
          outermost.forEach(function (frame) {
            if (frame.start >= end) { sum += frame.width; end = frame.start + frame.width; }
          });
          matched.textContent = test === null ? " "
            : "matched " + (100 * sum / Math.max(1, zoomed.width)).toFixed(2) + "%, " + time(sum);
        }

        function time(ns) {
          if (svg.getAttribute("data-unit") === "bytes")
            return ns >= 1e6 ? (ns / 1e6).toFixed(1) + " MB" : (ns / 1e3).toFixed(1) + " kB";
          if (ns >= 99.95e9) return (ns / 1e9).toFixed(1) + " s";
          if (ns >= 0.9995e9) return (ns / 1e9).toFixed(2) + " s";
          return ns >= 1e6 ? (ns / 1e6).toFixed(1) + " ms" : (ns / 1e3).toFixed(1) + " us";
        }

        function frameAt(event) {
          var g = event.target.closest ? event.target.closest("g.f") : null;
          return g ? frameOf.get(g) : null;
        }

        function setInverted(value) {
          inverted = value;
          document.querySelector("#invert text").textContent = value ? "Flame" : "Icicle";
          draw();
        }

        group.addEventListener("click", function (event) {
          var frame = frameAt(event);
          if (frame) zoom(frame);
        });
        group.addEventListener("mouseover", function (event) {
          var frame = frameAt(event);
          details.textContent = frame
            ? frame.name + (frame.module ? "  \u2014  " + frame.module : "") + "  \u2014  " + frame.numbers : " ";
        });
        group.addEventListener("mouseleave", function () { details.textContent = " "; });
        document.getElementById("reset").addEventListener("click", function () { zoom(frames[0]); });
        document.getElementById("invert").addEventListener("click", function () { setInverted(!inverted); });
        search.addEventListener("input", find);
        window.addEventListener("keydown", function (event) {
          if ((event.ctrlKey || event.metaKey) && event.key === "f" && document.activeElement !== search) {
            event.preventDefault();
            search.focus();
            search.select();
          } else if (event.key === "Escape") {
            if (search.value) { search.value = ""; find(); } else zoom(frames[0]);
            search.blur();
          }
        });
        // As wide as the window, without its scroll bar: that is what the visual viewport has, divided by pinch zoom.
        function fit() {
          var view = window.visualViewport;
          var width = Math.max(LEAST, Math.floor(view ? view.width * view.scale : window.innerWidth));
          if (width === graphWidth + 2 * MARGIN) return;
          graphWidth = width - 2 * MARGIN;
          svg.setAttribute("width", width);
          svg.setAttribute("viewBox", "0 0 " + width + " " + height);
          document.getElementById("titles").setAttribute("width", graphWidth - CONTROLS);
          document.getElementById("line").setAttribute("width", graphWidth);
          document.getElementById("controls").setAttribute("transform", "translate(" + (width - MARGIN) + ",0)");
          draw();
        }

        // The header stays in sight; SVG has no `position: sticky`.
        function follow() {
          header.setAttribute("transform", "translate(0," + window.scrollY + ")");
          header.classList.toggle("scrolled", window.scrollY > 0);
        }

        window.addEventListener("scroll", follow, {passive: true});
        window.addEventListener("resize", function () { fit(); follow(); });
        fit();
        // The root must be in sight at first: where it would be below the window, it comes to the top.
        if (height > window.innerHeight) setInverted(true);
        })();
        """#
}
