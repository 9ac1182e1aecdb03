# SPDX-License-Identifier: Apache-2.0
"""Uses a flame graph as a person does: python3 click_flamegraph.py FILE.svg [SCREENSHOT-PREFIX]

Exits 0 if all works, 1 with what does not, 77 if there is no Chromium and none can be installed.
The graph must have a function `beta` that is not the root and has a sibling.
"""
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as XML

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from devtools import Browser

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 1176


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


def use(browser, shot):
    page = Page(browser)
    shot("start")
    before = page.width("beta")
    check(0 < before < WIDTH, "beta is a part of the graph at first")

    browser.move(*page.center(page.frame("beta") + ".querySelector('rect')"))
    check(page.text("details").startswith("beta"), "the details line names the frame under the pointer")
    check("%" in page.text("details"), "the details line has a percentage")
    check("%" in browser.evaluate(page.frame("beta") + ".querySelector('title').textContent"), "no tooltip")

    page.click(page.frame("beta") + ".querySelector('rect')")
    shot("zoomed")
    check(abs(page.width("beta") - WIDTH) < 0.01, "a click zooms in")
    check(page.has_class("all", "ancestor") and abs(page.width("all") - WIDTH) < 0.01, "callers stay in sight")
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

    for event in browser.events:
        check(event["method"] != "Runtime.exceptionThrown", f"an exception: {event}")
        if event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            check(url.startswith(("file:", "data:")), f"a request to {url}")


def main():
    path = os.path.abspath(sys.argv[1])
    prefix = sys.argv[2] if len(sys.argv) > 2 else None
    check_document(path)
    program = find_chromium()
    if program is None:
        print("no Chromium here, and it cannot be installed")
        return 77
    browser = Browser(program, "file://" + path)
    try:
        use(browser, lambda name: browser.screenshot(f"{prefix}-{name}.png") if prefix else None)
    finally:
        browser.close()
    return 0


try:
    sys.exit(main())
except AssertionError as error:
    print(f"flame graph: {error}")
    sys.exit(1)
