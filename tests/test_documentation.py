"""Every code block of the READMEs and of docs/ runs, page by page, in a folder of its own."""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys

import pytest

from conftest import ROOT
from documented import RUN, SHOWN, blocks, furnish, missing, pages, play

PAGES = [page for page in pages() if any(block.lang in RUN for block in blocks(page))]


def name(page):
    return str(page.relative_to(ROOT))


def walk(page, folder, monkeypatch, *, slow):
    """Run a page's blocks in order; the slow ones only where asked for."""
    furnish(folder, page)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DUDAO_HOME", str(folder / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(logging.getLogger("dudao"), "level", logging.NOTSET)
    names: dict[str, object] = {"__name__": "__page__"}
    for block in blocks(page):
        if block.lang not in RUN or block.mark.startswith("not run") or missing(block):
            continue
        if block.mark.startswith("slow") and not slow:
            continue
        try:
            play(block, names)
        except Exception as error:
            raise AssertionError(f"{name(page)}:{block.line}: {error}") from error


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_of_a_page_run_and_print_what_it_shows(page, tmp_path, monkeypatch):
    walk(page, tmp_path, monkeypatch, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.mark.startswith("slow") for block in blocks(page))], ids=name
)
def test_slow_blocks_of_a_page_run_too(page, tmp_path, monkeypatch):
    walk(page, tmp_path, monkeypatch, slow=True)


@pytest.mark.parametrize("page", pages(), ids=name)
def test_blocks_are_of_a_kind_that_is_run_or_shown(page):
    for block in blocks(page):
        assert block.lang in RUN | SHOWN, f"{name(page)}:{block.line}: {block.lang or 'no language'}"
        if block.mark.startswith("not run"):
            assert block.mark.removeprefix("not run").strip(": "), f"{name(page)}:{block.line} says no reason"


@pytest.mark.slow
def test_site_builds_without_a_warning_and_asks_for_nothing_from_the_network(tmp_path):
    if importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for attribute in ('src="http', 'src="//', '<link rel="stylesheet" href="http', "@import", "fonts.g"):
            assert attribute not in text, f"{page.name}: {attribute}"
