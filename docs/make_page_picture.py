"""Take the picture of the page that stands in ``how-to-use-the-page.md``: its first question, with the answer that is stored.

``python docs/make_page_picture.py`` needs a browser (Debian: ``apt-get install chromium``) and what `make setup-dev` installs.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "page.png"
WIDTH, HEIGHT, SECONDS = 1280, 860, 180
COLOURS = 256


def main() -> int:
    """Start a server that answers nothing by itself, look at it, and keep what is seen."""
    from tests.app_server import browser_path

    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w+b") as said:
        command = [
            sys.executable,
            "-m",
            "sim.cli",
            "app",
            "--out",
            folder,
            "--port",
            "0",
            "--no-browser",
            "--no-example",
        ]
        server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            until = time.monotonic() + SECONDS
            while not (found := re.search(r"http://\S+/", Path(said.name).read_text(encoding="utf-8"))):
                if server.poll() is not None or time.monotonic() > until:
                    raise SystemExit(Path(said.name).read_text(encoding="utf-8"))
                time.sleep(0.1)
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
                page.set_default_timeout(SECONDS * 1000)
                page.goto(found[0])
                page.wait_for_selector(".verdict")
                taken = page.screenshot()
                browser.close()
        finally:
            server.kill()
            server.wait(20)
    small = Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS)
    small.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
