"""Takes the documentation's pictures from a running demo: `python docs/pictures/take.py SIGN_IN_ADDRESS`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent
WINDOW = {"width": 1440, "height": 900}
WHOLE_SESSION = {"width": 1440, "height": 1330}
"""High enough for the plot, the frames and the first scores."""


def take(browser: Browser, sign_in_address: str) -> None:
    """Sign in once, and picture the list and the session in a light and a dark page."""
    home = "{0.scheme}://{0.netloc}/".format(urlsplit(sign_in_address))
    page = browser.new_page(viewport=WINDOW)
    page.goto(sign_in_address)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Scores by frame").wait_for()
    session = page.url
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(WINDOW)
        page.goto(home)
        page.screenshot(path=FOLDER / f"sessions-{scheme}.png")
        page.set_viewport_size(WHOLE_SESSION)
        page.goto(session)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"session-{scheme}.png")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        take(chromium, sys.argv[1])
