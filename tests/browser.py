"""Pages opened in a real Chromium from ``file://``: what they log, ask for and break of the accessibility rules."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@contextlib.contextmanager
def chromium(profile: Path, **settings: Any) -> Iterator[Any]:
    """A browser with a profile of its own, which keeps what pages store; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (extra: browser)")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=CHROMIUM, args=_FLAGS, **{"viewport": WIDE, **settings}
        )
        try:
            yield context
        finally:
            context.close()


class Watched:
    """A page with everything that it logs and every address that it asks for."""

    def __init__(self, context: Any, path: Path) -> None:
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def quiet(self) -> bool:
        """Nothing was logged, and nothing asked for but the page itself and what it made."""
        away = [url for url in self.asked if url != self.address and not url.startswith("blob:")]
        assert (self.said, away) == ([], [])
        return True


def accessibility_faults(page: Any) -> list[str]:
    """What axe-core finds against WCAG 2 A and AA, a line a fault with the elements concerned."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe (extra: browser)")
    response = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": _RULES}}).response
    return [
        f"{each['id']}: {each['help']} {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in response["violations"]
    ]
