"""A finger, gloves, weak eyes and a barcode reader in front of the touchscreen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

SCREEN = {"width": 800, "height": 480}
TARGET_PX = 78
HOLD_MS = 1500
SMALL_TARGETS = """smallest => [...document.querySelectorAll("a, button, input, select")]
  .filter(element => element.checkVisibility())
  .map(element => [element.getBoundingClientRect(), element.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width < smallest - 0.01 || box.height < smallest - 0.01)
  .map(([box, html]) => `${box.width} x ${box.height}: ${html}`)"""


@dataclass
class Touchscreen:
    """A page on the screen's address; `complaints` is what the browser found wrong with it."""

    url: str
    page: Page
    complaints: list[str]

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        expect(self.page.locator("time")).not_to_be_empty()

    def shows(self, stage: str) -> None:
        self.page.locator(f"[data-stage='{stage}']").wait_for(state="visible")

    def tap(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=False).locator("visible=true").tap()

    @contextmanager
    def touch(self, target: Locator) -> Iterator[None]:
        """A finger that rests on `target`."""
        box = target.bounding_box()
        assert box is not None
        finger = self.page.context.new_cdp_session(self.page)
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        yield
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    @contextmanager
    def slide_off(self, target: Locator) -> Iterator[None]:
        """A finger that begins on `target` and rests above it."""
        box = target.bounding_box()
        assert box is not None
        finger = self.page.context.new_cdp_session(self.page)
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{**at, "y": box["y"] - 60}]})
        yield
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def scan(self, code: str) -> None:
        """A barcode reader: a key every 5 ms, and Enter."""
        reader = self.page.context.new_cdp_session(self.page)
        began_s = time.time()
        keys = [{"key": sign, "text": sign} for sign in code] + [{"key": "Enter", "text": "\r"}]
        for number, key in enumerate(keys):
            at = {"timestamp": began_s + 0.005 * number}
            reader.send("Input.dispatchKeyEvent", {"type": "keyDown", **key, **at})
            reader.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key["key"], **at})


@contextmanager
def touch_page(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    complaints: list[str] = []
    with chromium.new_context(viewport=SCREEN, has_touch=True) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints


def findings(page: Page, what: str, only: str | None = None) -> list[str]:
    """What is too small for a glove, does not fit the screen, or is a serious barrier; `only` names one of axe's rules."""
    small = [f"{what}: {target}" for target in page.evaluate(SMALL_TARGETS, TARGET_PX)]
    wide = page.evaluate("document.documentElement.scrollWidth > 800 || document.documentElement.scrollHeight > 480")
    violations = Axe().run(page, options={"runOnly": [only]} if only else None).response["violations"]
    barriers = [
        f"{what}: {found['id']}: {node['html'][:120]}"
        for found in violations
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]
    return small + barriers + ([f"{what}: larger than the screen"] if wide else [])
