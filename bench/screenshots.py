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

import requests
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from bench.servers import ROOT
from sandbox import open_sandbox

FOLDER: Final = ROOT / "docs" / "pictures"
CHROMIUM: Final = Path("/usr/bin/chromium")
MOST_BYTES: Final = 120_000  # of a picture; the repository keeps every one for ever
PASSWORD: Final = "only for pictures"
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 780}

_WEBP: Final = {"format": "webp", "quality": 90}  # a third of a PNG; Playwright itself makes none
_SHOP: Final = re.compile(r"connected a woocommerce shop .*: (http://\S+)")
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


SHOP: Final = "demo-shopify"
NEW: Final = "lisbon"
ORDER: Final = f"/orders/{SHOP}/9007199254741100"  # which the demo changes and delivers
PICTURES: Final = (
    Picture("home", "/"),
    Picture("home-dark", "/", is_dark=True),
    Picture("home-phone", "/", size=PHONE),
    Picture("needs", "/needs"),
    Picture("orders", "/orders"),
    Picture("order", ORDER),
    Picture("order-phone", ORDER, size=PHONE),
    Picture("store", f"/stores/{SHOP}"),
    Picture("settings", f"/stores/{SHOP}/inventory"),
    Picture("stock", "/stock"),
    Picture("sku", "/stock/sku/STOOL-OAK"),
    Picture("connect", "/stores/connect"),
    Picture("system", "/system"),
)


def main() -> None:
    """Run the demo, take the pictures, end it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hub", default="builtin", choices=["builtin", "katana"])
    given = arguments.parse_args()
    if not CHROMIUM.exists():
        print(f"No pictures: {CHROMIUM} is not there: apt-get install chromium fonts-inter")
        return
    with tempfile.TemporaryDirectory() as folder, _demo(folder, given.hub) as link, sync_playwright() as playwright:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(_INTER)
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        print(*_take(browser, link, folder), sep="\n")
        browser.close()


@contextmanager
def _demo(home: str, hub: str) -> Iterator[str]:
    """The demo at work: the link of its first admin, once all of it was shown."""
    command = [str(Path(sys.executable).with_name("storesync")), "demo", "--hub", hub]
    where = {**os.environ, "STORESYNC_HOME": home, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                print(line, end="", flush=True)
                if found := _SHOP.search(line):
                    shop = found[1]
                if found := _LINK.search(line):
                    _spoil(f"{shop}/_sandbox")
                    yield found[1]
                    return
            raise SystemExit("the demo ended before it showed its link")
        finally:
            demo.terminate()
            demo.communicate(timeout=60)


def _spoil(shop: str) -> None:
    """Two orders that nobody can read, so that something needs a person; the last one makes the shop tell."""
    for number in (1, 2):
        order = requests.post(f"{shop}/orders", json={"status": "processing"}, timeout=30).json()
        requests.post(f"{shop}/raw-order", json={**order, "id": 900_000 + number, "total": "n/a"}, timeout=30)
    requests.post(f"{shop}/orders", json={"status": "processing"}, timeout=30)


def _take(browser: Browser, link: str, home: str) -> Iterator[str]:
    """Sign in, and look at each page; what became of each picture."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(link)
    for field, text in (("name", "anna"), ("password", PASSWORD), ("again", PASSWORD)):
        page.fill(f"[name={field}]", text)
    page.click("main button")
    page.goto(urljoin(link, "/needs"))
    page.get_by_text("cannot be read").first.wait_for(timeout=60_000)  # the page is live
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        page.emulate_media(color_scheme="dark" if picture.is_dark else "light")
        page.set_viewport_size(picture.size or WIDE)
        yield _look(page, urljoin(link, picture.path), picture)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    yield _set_up(page, link, home)
    context.close()


def _set_up(page: Page, link: str, home: str) -> str:
    """Another shop, connected and not yet active: what its activation would bring."""
    with open_sandbox("woocommerce", orders=30) as shop:
        storesync = str(Path(sys.executable).with_name("storesync"))
        keys = [f"--credential={name}={value}" for name, value in shop.credentials.items()]
        words = ["store", "connect", "woocommerce", NEW, f"--url={shop.url}", *keys, "--allow-insecure", "--inactive"]
        where = {**os.environ, "STORESYNC_HOME": f"{home}/demo"}
        subprocess.run([storesync, *words], env=where, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        page.goto(urljoin(link, f"/stores/{NEW}/setup"))
        page.locator("#preview").get_by_role("button", name="Ask the shop").click()
        page.get_by_text("This is what activating would bring").wait_for(timeout=60_000)  # the page is live
        page.evaluate("document.getElementById('bring-in').scrollIntoView()")
        return _keep(page, "setup")


def _look(page: Page, address: str, picture: Picture) -> str:
    answer = page.goto(address)
    if answer is None or not answer.ok:
        return f"{picture.name}: no such page, {picture.path}"
    return _keep(page, picture.name)


def _keep(page: Page, name: str) -> str:
    page.wait_for_timeout(300)
    seen = base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", _WEBP)["data"])
    if len(seen) > MOST_BYTES:
        return f"{name}: {len(seen)} bytes are too many"
    (FOLDER / f"console-{name}.webp").write_bytes(seen)
    return f"{name}: {len(seen) // 1000} kB"


if __name__ == "__main__":
    main()
