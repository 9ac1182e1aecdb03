# SPDX-License-Identifier: Apache-2.0
"""Uses a flame graph as a person does: python3 click_flamegraph.py small|tall FILE.svg [SCREENSHOT-PREFIX]

Exits 0 if all works, 1 with what does not, 77 if there is no Chromium and none can be installed.
A small graph fits the window and has a function `beta` that is not the root and has a sibling. A tall one does not fit.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as XML
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from devtools import Browser

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 1176  # of the root in the file
MARGIN = 12


def find_chromium():
    for attempt in range(2):
        for name in ("chromium", "chromium-browser", "google-chrome"):
            if shutil.which(name):
                return name
        if attempt == 0 and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
            for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
                subprocess.run(["apt-get", "-q"] + command, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_document(path):
    """Valid XML whose frames add up: callees never exceed their caller, the root is the total."""
    root = XML.parse(path).getroot()
    total = int(root.get("data-total"))
    frames = [frame for frame in root.iter(SVG + "g") if frame.get("class") == "f"]
    numbers = [(int(f.get("data-l")), int(f.get("data-s")), int(f.get("data-w"))) for f in frames]
    check(numbers[0] == (0, 0, total), "the first frame is the root and as wide as the total")
    check(abs(float(frames[0].find(SVG + "rect").get("width")) - WIDTH) < 0.01, "the root is drawn at full width")
    for level in range(1, 1 + max(number[0] for number in numbers)):
        row = sorted(number[1:] for number in numbers if number[0] == level)
        above = sorted(number[1:] for number in numbers if number[0] == level - 1)
        for (start, width), (following, _) in zip(row, row[1:]):
            check(start + width <= following, f"frames overlap at level {level}")
        for start, width in row:
            check(any(s <= start and start + width <= s + w for s, w in above), f"an orphan at level {level}")
    text = open(path, encoding="utf-8").read()
    for word in ("http://", "https://"):
        places = text.count(word) - text.count(word + "www.w3.org/")
        check(places == 0, f"the file refers to something by {word}")


class Page:
    def __init__(self, browser):
        self.browser = browser

    def center(self, selector):
        return self.browser.evaluate(
            f"(function(){{var r=({selector}).getBoundingClientRect();"
            "return [r.left+r.width/2, r.top+r.height/2]})()")

    def frame(self, name):
        """Expression for the widest frame of a function."""
        return ("Array.from(document.querySelectorAll('g.f')).filter(g=>g.querySelector('title').textContent"
                f".split('\\n')[0]==={name!r}).sort((a,b)=>b.dataset.w-a.dataset.w)[0]")

    def width(self, name):
        return float(self.browser.evaluate(f"{self.frame(name)}.querySelector('rect').getAttribute('width')"))

    def has_class(self, name, style):
        return self.browser.evaluate(f"{self.frame(name)}.classList.contains({style!r})")

    def text(self, identifier):
        return self.browser.evaluate(f"document.getElementById({identifier!r}).textContent")

    def click(self, selector):
        self.browser.click(*self.center(selector))

    def window_width(self):
        """Without a scroll bar."""
        return self.browser.evaluate("Math.floor(visualViewport.width)")

    def box(self, selector):
        """Left, top, right, bottom in the window."""
        return self.browser.evaluate(
            f"(function(){{var r=({selector}).getBoundingClientRect();return [r.left,r.top,r.right,r.bottom]}})()")

    def eventually(self, condition, what):
        """Scrolling and resizing take the browser a frame or two."""
        deadline = time.monotonic() + 10
        while not condition():
            check(time.monotonic() < deadline, what)
            time.sleep(0.02)


def use(browser, shot):
    page = Page(browser)
    shot("start")
    whole = page.window_width() - 2 * MARGIN
    check(abs(page.width("all") - whole) < 0.01, "the graph is as wide as the window")
    before = page.width("beta")
    check(0 < before < whole, "beta is a part of the graph at first")

    browser.move(*page.center(page.frame("beta") + ".querySelector('rect')"))
    check(page.text("details").startswith("beta"), "the details line names the frame under the pointer")
    check("%" in page.text("details"), "the details line has a percentage")
    check("%" in browser.evaluate(page.frame("beta") + ".querySelector('title').textContent"), "no tooltip")

    page.click(page.frame("beta") + ".querySelector('rect')")
    shot("zoomed")
    check(abs(page.width("beta") - whole) < 0.01, "a click zooms in")
    check(page.has_class("all", "ancestor") and abs(page.width("all") - whole) < 0.01, "callers stay in sight")
    check(browser.evaluate("document.querySelectorAll('g.f.hidden').length") > 0, "what is beside is hidden")

    page.click("document.getElementById('reset')")
    check(abs(page.width("beta") - before) < 0.01, "reset shows everything again")
    check(browser.evaluate("document.querySelectorAll('g.f.hidden').length") == 0, "nothing stays hidden")

    browser.key("f", "KeyF", 70, modifiers=2)
    check(browser.evaluate("document.activeElement.id") == "search", "Ctrl-F goes to the search field")
    browser.type("^bet")
    shot("found")
    check(page.has_class("beta", "found") and not page.has_class("all", "found"), "search marks what matches")
    check(page.text("matched").startswith("matched "), "search says how much matches")
    share = float(page.text("matched").split()[1].split("%")[0])
    expected = browser.evaluate(
        "100*Array.from(document.querySelectorAll('g.f.found')).reduce((s,g)=>s+Number(g.dataset.w),0)"
        "/Number(document.documentElement.dataset.total)")
    check(abs(share - expected) < 0.01, f"search says {share} %, the frames make {expected} %")
    browser.key("Escape", "Escape", 27)
    check(browser.evaluate("document.querySelectorAll('g.f.found').length") == 0, "Escape ends the search")
    page.click("document.getElementById('search')")
    browser.type("(((")
    check(browser.evaluate("document.querySelectorAll('g.f.found').length") == 0, "half a pattern finds nothing")
    browser.key("Escape", "Escape", 27)

    bottom = browser.evaluate(page.frame("all") + ".querySelector('rect').getAttribute('y')*1")
    page.click("document.getElementById('invert')")
    shot("icicle")
    top = browser.evaluate(page.frame("all") + ".querySelector('rect').getAttribute('y')*1")
    check(top == 0 and bottom > 0, "the icicle view has its root at the top")
    page.click("document.getElementById('invert')")
    again = browser.evaluate(page.frame("all") + ".querySelector('rect').getAttribute('y')*1")
    check(again == bottom, "the icicle view can be left")


def use_tall(browser, shot):
    """The header, the root and the width of the window, where a graph does not fit."""
    page = Page(browser)
    shot("tall")
    height = browser.evaluate("window.innerHeight")
    check(browser.evaluate("document.documentElement.height.baseVal.value") > 2 * height, "the graph is tall")
    check(browser.evaluate("window.scrollY") == 0, "the graph opens at its top")
    check(page.box(page.frame("all") + ".querySelector('rect')")[3] < height, "the root is in sight at first")

    for y in (10**6, 300, 0):
        browser.evaluate(f"window.scrollTo(1000000, {y})")
        page.eventually(lambda: abs(page.box("document.getElementById('cover')")[1]) < 1,
                        f"scrolled to {y}, the header is out of sight")
        for identifier in ("command", "subtitle", "search", "reset", "invert"):
            left, top, right, bottom = page.box(f"document.getElementById('{identifier}')")
            check(0 <= left < right <= page.window_width() and 0 <= top < bottom < 80,
                  f"scrolled to {y}, {identifier} is at {left}, {top}")
        if y == 10**6:
            shot("tall-scrolled")
            check(browser.evaluate("window.scrollY") > height, "it scrolls")
            check(browser.evaluate("window.scrollX") == 0, "it scrolls to the side")
            # What is under the pointer is the header, not the frame that it covers.
            page.click("document.getElementById('search')")
            check(browser.evaluate("document.activeElement.id") == "search", "the search field of a scrolled graph")
            browser.type("level99")
            check(page.text("matched").startswith("matched "), "a search in a scrolled graph")
            browser.key("Escape", "Escape", 27)
    check(page.text("invert").strip() == "Flame", "the button names the other view")

    for width in (1900, 1000, 500):
        browser.resize(width, 700)
        whole = max(760, width) - 2 * MARGIN
        page.eventually(lambda: abs(page.width("all") - whole) < 20, f"{width} px wide, the graph is {page.width('all')}")
        total = browser.evaluate("Number(document.documentElement.dataset.total)")
        # On each level, widths in pixels are to the root's as nanoseconds are to the total.
        sums = browser.evaluate(
            "(function(){var s={};document.querySelectorAll('g.f').forEach(function(g){var l=g.dataset.l;s[l]=s[l]||"
            "[0,0];s[l][0]+=Number(g.dataset.w);s[l][1]+=Number(g.querySelector('rect').getAttribute('width'))});"
            "return Object.values(s)})()")
        for nanoseconds, pixels in sums:
            check(abs(pixels / page.width("all") - nanoseconds / total) < 1e-3, f"widths at {width} px do not add up")
    shot("tall-narrow")


def check_requests(browser):
    for event in browser.events:
        check(event["method"] != "Runtime.exceptionThrown", f"an exception: {event}")
        if event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            check(url.startswith(("file:", "data:")), f"a request to {url}")


def check_screenshot(program, url):
    """What `chromium --headless --screenshot` shows: something."""
    with tempfile.TemporaryDirectory(prefix="potter-chromium-") as directory:
        path = directory + "/shot.png"
        subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile",
             "--window-size=800,600", f"--screenshot={path}", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        with open(path, "rb") as file:
            data = file.read()
    position, pixels = 8, b""
    while position < len(data):
        length = int.from_bytes(data[position:position + 4], "big")
        if data[position + 4:position + 8] == b"IDAT":
            pixels += data[position + 8:position + 8 + length]
        position += length + 12
    check(len(set(zlib.decompress(pixels))) > 30, "a headless screenshot is blank")


def main():
    kind, path = sys.argv[1], os.path.abspath(sys.argv[2])
    prefix = sys.argv[3] if len(sys.argv) > 3 else None
    check_document(path)
    program = find_chromium()
    if program is None:
        print("no Chromium here, and it cannot be installed")
        return 77
    browser = Browser(program, "file://" + path)
    try:
        action = {"small": use, "tall": use_tall}[kind]
        action(browser, lambda name: browser.screenshot(f"{prefix}-{name}.png") if prefix else None)
        check_requests(browser)
    finally:
        browser.close()
    check_screenshot(program, "file://" + path)
    return 0


try:
    sys.exit(main())
except AssertionError as error:
    print(f"flame graph: {error}")
    sys.exit(1)
