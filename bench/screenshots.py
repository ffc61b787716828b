"""The console's pictures in the README and docs: the demo runs, its first admin signs in, and each page is looked at.

python -m bench.screenshots [--hub katana]

They are of Debian's chromium, and in Inter where that is installed (apt-get install chromium fonts-inter).
"""

import argparse
import base64
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.servers import ROOT

FOLDER: Final = ROOT / "docs" / "pictures"
CHROMIUM: Final = Path("/usr/bin/chromium")
MOST_BYTES: Final = 120_000  # of a picture; the repository keeps every one for ever
PASSWORD: Final = "only for pictures"
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}

_WEBP: Final = {"format": "webp", "quality": 90}  # a third of a PNG; Playwright itself makes none
_LINK: Final = re.compile(r"(http://\S+/first\?key=\w+)")
_INTER: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include>
<match><test name="family"><string>sans</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>
<match><test name="family"><string>sans-serif</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is looked at, and how."""

    name: str
    path: str
    is_dark: bool = False
    size: ViewportSize | None = None


SHOP: Final = "demo-woocommerce"
PICTURES: Final = (
    Picture("home", "/"),
    Picture("home-dark", "/", is_dark=True),
    Picture("home-phone", "/", size=PHONE),
    Picture("needs", "/needs"),
    Picture("orders", "/orders"),
    Picture("order", f"/orders/{SHOP}/134"),
    Picture("order-phone", f"/orders/{SHOP}/134", size=PHONE),
    Picture("store", f"/stores/{SHOP}"),
    Picture("activity", "/activity"),
)


def main() -> None:
    """Run the demo, take the pictures, end it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hub", default="builtin", choices=["builtin", "katana"])
    given = arguments.parse_args()
    if not CHROMIUM.exists():
        raise SystemExit(f"No pictures: {CHROMIUM} is not there: apt-get install chromium fonts-inter")
    with tempfile.TemporaryDirectory() as folder, _demo(folder, given.hub) as link, sync_playwright() as playwright:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(_INTER)
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        print(*_take(browser, link), sep="\n")
        browser.close()


@contextmanager
def _demo(home: str, hub: str) -> Iterator[str]:
    """The demo at work: the link of its first admin, once all of it was shown."""
    command = [sys.executable, "-m", "workers.cli.main", "demo", "--hub", hub]
    where = {**os.environ, "STORESYNC_HOME": home, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                print(line, end="", flush=True)
                if found := _LINK.search(line):
                    yield found[1]
                    return
            raise SystemExit("the demo ended before it showed its link")
        finally:
            demo.terminate()
            demo.wait(60)


def _take(browser: Browser, link: str) -> Iterator[str]:
    """Sign in, and look at each page; what became of each picture."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(link)
    for field, text in (("name", "anna"), ("password", PASSWORD), ("again", PASSWORD)):
        page.fill(f"[name={field}]", text)
    page.click("main button")
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        page.emulate_media(color_scheme="dark" if picture.is_dark else "light")
        page.set_viewport_size(picture.size or WIDE)
        yield _look(page, urljoin(link, picture.path), picture)
    context.close()


def _look(page: Page, address: str, picture: Picture) -> str:
    answer = page.goto(address)
    if answer is None or not answer.ok:
        return f"{picture.name}: no such page, {picture.path}"
    page.wait_for_timeout(300)
    seen = base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", _WEBP)["data"])
    if len(seen) > MOST_BYTES:
        return f"{picture.name}: {len(seen)} bytes are too many"
    (FOLDER / f"console-{picture.name}.webp").write_bytes(seen)
    return f"{picture.name}: {len(seen) // 1000} kB"


if __name__ == "__main__":
    main()
