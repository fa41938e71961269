#!/usr/bin/env python3
"""Make the pictures of the README from the sample report and the corpus: ``make pictures``.

Terminals become SVG by rich, pages PNG by a headless Chromium; without one the pages' pictures stay as they are, which is said.
A picture that has not changed is not written anew.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from html import escape, unescape
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dudao import Tagger
from dudao.compare import ClauseStore, Comparison, compare_reports
from dudao.files import replacing
from dudao.language import translator
from dudao.render.compare_html import write_page
from dudao.render.compare_terminal import print_comparison
from dudao.render.html import page
from dudao.render.terminal import print_report
from dudao.schemes import load_scheme

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "sample-report.txt"
OUT = ROOT / "docs" / "pictures"

_COLUMNS = 100
_HEAD, _FOOT = 34, 28  # lines of a terminal that are shown, from its top and from its end
_FONTS = "Menlo, Consolas, 'DejaVu Sans Mono', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', monospace"
_CHARACTER = 12.2  # width of a column in rich's SVG
_WIDTH, _HEIGHT = 1440, 960
_PATIENCE = 120  # seconds for one screenshot


def main() -> None:
    """Make all pictures that can be made here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the pictures")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    tagger = Tagger.load()
    with ClauseStore() as store:
        comparison = compared(tagger, store)
        for name, svg in terminals(tagger, comparison):
            keep(out / name, svg.encode("utf-8"))
        browser = next(
            filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
        )
        if browser is None:
            print("no Chromium: the pictures of pages stay as they are", file=sys.stderr)
            return
        for name, html in pages(tagger, comparison, store):
            keep(out / name, screenshot(browser, html))


def compared(tagger: Tagger, store: ClauseStore) -> Comparison:
    """The sample beside the reports of the corpus."""
    paths = [SAMPLE, *sorted((ROOT / "corpus" / "reports").glob("*.txt"))]
    scheme = load_scheme(taxonomy=tagger.taxonomy)
    return compare_reports(tagger.tag_many(paths), scheme, tagger.taxonomy, store=store)


def terminals(tagger: Tagger, comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Names and SVGs of what the commands print, in both languages."""
    report = tagger.tag_report(SAMPLE, name=SAMPLE.name)
    for lang in ("zh", "en"):
        t = translator(lang)

        def tagged(out: Console) -> None:
            print_report(report, out, taxonomy=tagger.taxonomy, t=t)  # noqa: B023

        def side_by_side(out: Console) -> None:
            print_comparison(comparison, out, t=t)  # noqa: B023

        yield f"tag.{lang}.svg", terminal("dudao tag sample-report.txt", tagged, foot=_FOOT)
        yield f"compare.{lang}.svg", terminal("dudao compare reports/", side_by_side, foot=0)


def terminal(command: str, show: Callable[[Console], None], *, foot: int) -> str:
    """What a command shows, as SVG: its first lines and, where asked for, its last."""
    shown = io.StringIO()
    show(Console(file=shown, width=_COLUMNS, force_terminal=True, color_system="truecolor", highlight=False))
    lines = shown.getvalue().splitlines()
    kept = [*lines[:_HEAD], "", " " * (_COLUMNS // 2) + "⋮", "", *lines[-foot:]] if foot else lines[:_HEAD]
    recorded = Console(file=io.StringIO(), width=_COLUMNS, record=True, highlight=False)
    for line in kept:
        recorded.print(Text.from_ansi(line, no_wrap=True))
    # rich's own template fetches its font from elsewhere.
    template = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    template = template.replace("font-family: Fira Code, monospace", f"font-family: {_FONTS}")
    svg = recorded.export_svg(title=f"$ {command}", code_format=template, unique_id=re.sub(r"\W+", "-", command))
    return _PIECE.sub(_by_columns, svg)


# rich sets lengths by characters; those of Chinese take two columns. Cut at blanks, each word begins where it does on a terminal.
_PIECE = re.compile(r'<text class="([^"]*)" x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+"([^>]*)>([^<]*)</text>')


def _by_columns(piece: re.Match[str]) -> str:
    style, x, y, rest, text = piece.groups()
    text = unescape(text)
    words = []
    for word in re.finditer(r"[^\s\xa0]+", text):
        at = float(x) + _CHARACTER * cell_len(text[: word.start()])
        length = _CHARACTER * cell_len(word[0])
        words.append(f'<text class="{style}" x="{at:g}" y="{y}" textLength="{length:g}"{rest}>{escape(word[0])}</text>')
    return "".join(words)


def pages(tagger: Tagger, comparison: Comparison, store: ClauseStore) -> Iterator[tuple[str, str]]:
    """Names of pictures and the pages that they show."""
    yield "page.png", page(tagger.tag_report(SAMPLE, name=SAMPLE.name, explain=True), tagger.taxonomy)
    file = io.StringIO()
    write_page(comparison, store, file)
    yield "compare.png", file.getvalue()


def screenshot(browser: str, html: str) -> bytes:
    """The first screen of a page."""
    with tempfile.TemporaryDirectory(prefix="dudao-") as folder:
        source, picture = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(html, encoding="utf-8", newline="")
        flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
        ]
        subprocess.run(
            [
                browser,
                *flags,
                f"--user-data-dir={folder}/profile",
                f"--window-size={_WIDTH},{_HEIGHT}",
                f"--screenshot={picture}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=_PATIENCE,
        )
        return picture.read_bytes()


def keep(path: Path, data: bytes) -> None:
    """Write a picture where it is new."""
    if not path.is_file() or path.read_bytes() != data:
        with replacing(path) as file:
            file.write(data)
        print(path)


if __name__ == "__main__":
    main()
