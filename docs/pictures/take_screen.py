"""Takes the documentation's pictures of the touchscreen from a running rig: `python docs/pictures/take_screen.py ADDRESS`.

Start the rig with `grimace-rig run --camera sim`. It takes two minutes, because the pictures show a recording that has enough.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
SCREEN = {"width": 800, "height": 480}
COLOURS = 256
"""Enough for these pages, and a third of the size."""
ENOUGH_WITHIN_MS = 300_000


def take(page: Page, name: str) -> None:
    path = FOLDER / f"screen-{name}.png"
    page.wait_for_timeout(1500)
    page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS)
    small.save(path, optimize=True)


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).locator("visible=true").first.tap()


def stage(page: Page, name: str) -> None:
    page.locator(f"[data-stage={name}]").wait_for(state="visible", timeout=ENOUGH_WITHIN_MS)


def type_on_screen(page: Page, words: str) -> None:
    tap(page, "Type it")
    for sign in words:
        page.locator("#keys").get_by_role("button", name=sign, exact=True).tap()
    tap(page, "OK")


def record(page: Page, address: str) -> None:
    """A whole recording, as docs/run-a-recording.md tells it."""
    page.goto(address)
    stage(page, "idle")
    take(page, "idle")
    page.get_by_role("link", name="New recording").tap()
    type_on_screen(page, "pilot")
    tap(page, "c57bl/6")
    type_on_screen(page, "a-17")
    type_on_screen(page, "kim")
    take(page, "new")
    tap(page, "Check the rig")
    stage(page, "preflight")
    page.locator("[data-act=check-again], .start").locator("visible=true").first.wait_for()
    take(page, "checks")
    while (warned := page.locator("[data-waive]").locator("visible=true")).count():
        warned.first.tap()
        tap(page, "I looked: it is fine")
        page.wait_for_timeout(1500)
    stage(page, "ready")
    tap(page, "START")
    stage(page, "recording")
    page.get_by_text("reached").wait_for(timeout=ENOUGH_WITHIN_MS)
    take(page, "recording")
    page.get_by_role("button", name="Hold to stop").locator("visible=true").hover()
    page.mouse.down()
    stage(page, "verdict")
    page.mouse.up()
    take(page, "verdict")
    tap(page, "Done")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        record(chromium.new_page(viewport=SCREEN, has_touch=True), sys.argv[1])
